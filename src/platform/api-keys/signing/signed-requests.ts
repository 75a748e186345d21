import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { UnauthenticatedError } from '../../../kernel/errors.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { BodyDigest } from '../../http/request/body-digest.js';
import { hasBody } from '../../http/request/request-body.js';
import type { ApiKey } from '../api-key.entity.js';
import { NoncesRepository } from './nonces.repository.js';
import { ComponentError, signatureBase, type SignableMessage } from './signature-base.js';
import { givenSignature, isSigned, SignatureFieldsError, type GivenSignature } from './signature-fields.js';
import { isSignedBy } from './signing-algorithms.js';
import type { RequestSigningKey } from './signing-key.entity.js';
import { SigningKeySecrets } from './signing-key-secrets.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

/** So far may the clocks of sender and server be apart, and so long may a request be under way. */
const SKEW_SECONDS = 300;
/** Clocks of several nodes differ a little. */
const SLACK_SECONDS = 60;
const NONCE = /^[\x21-\x7e]{8,128}$/;

/**
 * Checks the signatures of requests (RFC 9421): made by a key of the API key's owner, over the method, the address under
 * which we are reached and the body (RFC 9530), of late, and never seen before.
 */
@Injectable()
export class SignedRequests {
  constructor(
    private readonly keys: SigningKeysRepository,
    private readonly secrets: SigningKeySecrets,
    private readonly nonces: NoncesRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Passes a request that need not be signed and is not. Throws UnauthenticatedError, which says what is wrong: whoever
   * gets here has proved an API key. A body that is yet to be read must keep `request.bodyDigest`.
   */
  async verify(request: Request, { requireSignature, vendorId }: ApiKey): Promise<void> {
    const message = this.messageOf(request);
    if (!isSigned(message)) {
      if (requireSignature) throw refused('Requests with this key must be signed.');
      return;
    }
    const given = readable(() => givenSignature(message));
    const key = await this.keys.findOf(vendorId, given.keyId);
    if (!key) throw refused('The owner of the API key has no such signing key.');
    assertCovered(given, hasBody(request));
    assertTimely(given);
    await this.assertMade(message, given, key);
    assertBody(request, given);
    await this.assertNew(given, key);
  }

  private async assertMade(
    message: SignableMessage,
    { input, alg, signature }: GivenSignature,
    key: RequestSigningKey,
  ): Promise<void> {
    if (alg !== undefined && alg !== key.algorithm) throw refused('The key is of another algorithm.');
    const octets = readable(() => signatureBase(message, input));
    if (!isSignedBy(await this.secrets.verificationKey(key), octets, signature))
      throw refused('The signature does not fit the request.');
  }

  /** Last of all, so that nobody but the key's holder can use up a nonce. */
  private async assertNew({ nonce, created }: GivenSignature, { id }: RequestSigningKey): Promise<void> {
    if (nonce === undefined || !NONCE.test(nonce))
      throw refused('The signature needs a nonce of 8 to 128 visible characters.');
    const goodFor = new Date(((created ?? 0) + SKEW_SECONDS + SLACK_SECONDS) * 1000);
    if (!(await this.nonces.use(id, nonce, goodFor))) throw refused('The nonce was used before.');
  }

  /** Proxies are believed as `TRUST_PROXY` says; `PUBLIC_URL` needs none. */
  private messageOf(request: Request): SignableMessage {
    const { method, originalUrl: target, headersDistinct } = request;
    const origin = this.config.publicUrl ?? `${request.protocol}://${request.host}`;
    return { method, origin, target, field: (name) => headersDistinct[name] ?? [] };
  }
}

const refused = (detail: string): UnauthenticatedError =>
  new UnauthenticatedError('invalid_signature', detail);

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignatureFieldsError || error instanceof ComponentError)
      throw refused(error.message);
    throw error;
  }
}

const covers = ({ input }: GivenSignature, component: string): boolean =>
  input[0].some(([name, parameters]) => name === component && parameters.size === 0);

function assertCovered(given: GivenSignature, withBody: boolean): void {
  const needed = ['@method', '@target-uri', ...(withBody ? ['content-digest'] : [])];
  const missing = needed.filter((component) => !covers(given, component));
  if (missing.length > 0) throw refused(`The signature must cover ${missing.join(', ')}.`);
}

function assertTimely({ created, expires }: GivenSignature): void {
  const now = Date.now() / 1000;
  if (created === undefined) throw refused('The signature must say when it was created.');
  if (Math.abs(now - created) > SKEW_SECONDS)
    throw refused(`The signature must have been created within ${SKEW_SECONDS} seconds of now.`);
  if (expires !== undefined && expires <= now) throw refused('The signature has expired.');
}

/** Holds what was read of the body against its digest; what is yet to be read takes the digest along. */
function assertBody(request: Request, given: GivenSignature): void {
  if (!covers(given, 'content-digest')) return;
  const digest = BodyDigest.parse(request.get('content-digest') ?? '');
  if (!digest) throw refused('Content-Digest must give a sha-256 or sha-512.');
  if (request.isBodyUnread) {
    request.bodyDigest = digest;
    return;
  }
  digest.update(request.rawBody ?? Buffer.alloc(0));
  if (!digest.isKept()) throw refused('The body is not what Content-Digest says.');
}
