import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { AccountStore } from '../../accounts/account-store.js';
import type { OpaqueToken } from '../../sessions/opaque-token.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { Enrolments } from '../enrolments.js';
import { FactorChanges } from '../factor-changes.js';
import { FactorChecks, passkeyMethods } from '../factor-checks.js';
import { ONE_TIME_CODE_METHODS, type SecondFactor } from '../factor-method.js';
import { TotpService, type TotpOffer } from '../totp/totp.service.js';
import type { EnrolledDto, EnrolPasskeyDto, EnrolTotpDto } from './mfa.dto.js';
import { MfaService, refused } from './mfa.service.js';

/** What is needed to enrol by the token of a sign-in. */
@Injectable()
export class EnrolmentParts {
  constructor(
    readonly enrolments: Enrolments,
    readonly changes: FactorChanges,
    readonly checks: FactorChecks,
    readonly totp: TotpService,
  ) {}
}

/**
 * Enrols the first second factor of an account that must have one before it gets a session. The token of the sign-in is
 * good for this alone, and the enrolment finishes the sign-in.
 */
@Injectable()
export class MfaEnrolmentService {
  constructor(
    private readonly mfa: MfaService,
    private readonly parts: EnrolmentParts,
    private readonly sessions: SessionsService,
  ) {}

  /** Throws UnauthenticatedError for a token that is not good; so do all below. */
  async beginTotp(mfaToken: string): Promise<TotpOffer> {
    return this.withAccount(mfaToken, (store, accountId) =>
      this.parts.enrolments.beginTotp(store, accountId),
    );
  }

  async beginPasskey(mfaToken: string): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.withAccount(mfaToken, (store, accountId) =>
      this.parts.enrolments.beginPasskey(store, accountId),
    );
  }

  async confirmTotp({ mfaToken, code }: EnrolTotpDto, address: string): Promise<EnrolledDto> {
    return this.finish({ mfaToken, address }, 'totp', async (store, accountId) =>
      (await this.parts.totp.confirm(store, accountId, code)) ? ONE_TIME_CODE_METHODS : undefined,
    );
  }

  async registerPasskey(
    { mfaToken, credential, name }: EnrolPasskeyDto,
    address: string,
  ): Promise<EnrolledDto> {
    return this.finish({ mfaToken, address }, 'passkey', async (store, accountId) => {
      const passkey = await this.parts.enrolments.addPasskey(store, accountId, credential, name);
      return passkey && ['pwd', ...passkeyMethods(passkey)];
    });
  }

  private withAccount<T>(
    mfaToken: string,
    work: (store: AccountStore, accountId: string) => Promise<T>,
  ): Promise<T> {
    return this.mfa.withToken(mfaToken, async (store, token) => {
      const pending = await store.factors.pendingLogins.find(token, 'enrolment');
      if (!pending) throw refused();
      return work(store, pending.accountId);
    });
  }

  private finish(
    { mfaToken, address }: { mfaToken: string; address: string },
    factor: SecondFactor,
    enrol: (store: AccountStore, accountId: string) => Promise<readonly string[] | undefined>,
  ): Promise<EnrolledDto> {
    return this.mfa.withToken(mfaToken, async (store, token: OpaqueToken) => {
      const accountId = await store.factors.pendingLogins.spend(token, 'enrolment');
      if (accountId === undefined) throw refused();
      const methods = await this.parts.checks.counting(store, { accountId, address }, factor, () =>
        enrol(store, accountId),
      );
      if (!methods) throw refused();
      const enrolled = await store.transaction(async (inside) => {
        if (!(await inside.factors.pendingLogins.finish(token.id))) throw refused();
        const recoveryCodes = await this.parts.changes.enrolled(inside, accountId, factor, null);
        return { ...(await this.sessions.start(inside, accountId, { methods })), recoveryCodes };
      });
      await this.parts.changes.tell(store, accountId, 'added');
      return enrolled;
    });
  }
}
