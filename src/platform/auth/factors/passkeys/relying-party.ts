import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { ConflictError } from '../../../../kernel/errors.js';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.js';

/** The only name without TLS that browsers let have passkeys. */
const LOCALHOST = 'localhost';

/** For whom passkeys are made: the domain of PUBLIC_URL, else `localhost` at the port that is listened on. */
@Injectable()
export class RelyingParty {
  readonly name = 'Ringfence';
  /** The RP ID (WebAuthn, 5.1.2): a domain. */
  readonly id: string;

  constructor(
    private readonly adapters: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.id = config.publicUrl === undefined ? LOCALHOST : new URL(config.publicUrl).hostname;
  }

  /** An IP address is no domain, so it can have no passkeys. */
  get isPossible(): boolean {
    return isIP(this.id.replace(/^\[|\]$/g, '')) === 0;
  }

  /** Throws ConflictError where there can be no passkeys. */
  assertPossible(): void {
    if (!this.isPossible)
      throw new ConflictError('This installation is reached by an IP address; passkeys need a domain name.');
  }

  /** The one origin whose answers are believed. */
  get origin(): string {
    if (this.config.publicUrl !== undefined) return this.config.publicUrl;
    const address = (this.adapters.httpAdapter.getHttpServer() as Server).address();
    const port = typeof address === 'object' && address ? address.port : this.config.port;
    return `http://${LOCALHOST}:${port}`;
  }
}
