import { Injectable, Logger } from '@nestjs/common';
import { toString as qrCode } from 'qrcode';
import { ConflictError } from '../../../../kernel/errors.js';
import { FieldSealer, type Place } from '../../../protection/field-sealer.js';
import type { AccountStore } from '../../accounts/account-store.js';
import { newSeed, stepOf, totpUri } from './totp.js';

/** How long an enrolment may take before it is begun anew. */
const PENDING_MS = 15 * 60_000;

/** What an authenticator app needs; told this once. */
export interface TotpOffer {
  /** Base32. */
  secret: string;
  /** `otpauth://totp/…` */
  uri: string;
  /** The address as a QR code. */
  qrSvg: string;
}

/** Authenticator apps (RFC 6238): each code is good once, and the seed is stored sealed. */
@Injectable()
export class TotpService {
  private readonly logger = new Logger(TotpService.name);

  constructor(private readonly sealer: FieldSealer) {}

  /** Begins an enrolment, in the place of an older one. Throws ConflictError when an app is enrolled already. */
  async begin(store: AccountStore, accountId: string, label: string): Promise<TotpOffer> {
    const secret = newSeed();
    const sealed = await this.sealer.seal(placeOf(store, accountId), secret);
    if (!(await store.factors.totp.begin(accountId, sealed)))
      throw new ConflictError('An authenticator app is enrolled already; remove it first.');
    const uri = totpUri(secret, label);
    return { secret, uri, qrSvg: await qrCode(uri, { type: 'svg', errorCorrectionLevel: 'M' }) };
  }

  /** Whether the code completes the enrolment under way; of several at once, one gets true. */
  async confirm(store: AccountStore, accountId: string, code: string): Promise<boolean> {
    const begunAfter = new Date(Date.now() - PENDING_MS);
    const pending = await store.factors.totp.findPending(accountId, begunAfter);
    const step = pending && (await this.stepOf(store, accountId, pending.seed, code));
    return typeof step === 'number' && store.factors.totp.confirm(accountId, pending!.seed, step);
  }

  /** Whether the code is right and was not used before; then it is used. */
  async use(store: AccountStore, accountId: string, code: string): Promise<boolean> {
    const totp = await store.factors.totp.findConfirmed(accountId);
    const step = totp && (await this.stepOf(store, accountId, totp.seed, code));
    return typeof step === 'number' && store.factors.totp.useStep(accountId, step);
  }

  /** A seed that does not open (of a tenant that was cloned) fits no code. */
  private async stepOf(
    store: AccountStore,
    accountId: string,
    sealed: string,
    code: string,
  ): Promise<number | undefined> {
    let seed: string;
    try {
      seed = await this.sealer.open(placeOf(store, accountId), sealed);
    } catch (error) {
      this.logger.warn({ err: error, accountId }, 'a TOTP seed does not open');
      return undefined;
    }
    return stepOf(seed, code);
  }
}

const placeOf = ({ tenantId }: AccountStore, row: string): Place => ({
  tenantId,
  table: 'totp',
  column: 'seed',
  row,
});
