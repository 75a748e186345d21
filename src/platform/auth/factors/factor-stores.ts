import type { Realm } from '../accounts/realm.js';
import { OperatorSession, UserSession } from '../sessions/session.entity.js';
import { OperatorPendingLogin, UserPendingLogin } from './mfa/pending-login.entity.js';
import { PendingLoginsRepository } from './mfa/pending-logins.repository.js';
import { OperatorChallenge, UserChallenge } from './passkeys/challenge.entity.js';
import { ChallengesRepository } from './passkeys/challenges.repository.js';
import { OperatorPasskey, UserPasskey } from './passkeys/passkey.entity.js';
import { PasskeysRepository } from './passkeys/passkeys.repository.js';
import { OperatorRecoveryCode, UserRecoveryCode } from './recovery/recovery-code.entity.js';
import { RecoveryCodesRepository } from './recovery/recovery-codes.repository.js';
import { SessionProofsRepository } from './step-up/session-proofs.repository.js';
import { OperatorTotp, UserTotp } from './totp/totp.entity.js';
import { TotpRepository } from './totp/totp.repository.js';

/** One realm's second factors, and what is under way with them. */
export interface FactorStores {
  readonly totp: TotpRepository;
  readonly recoveryCodes: RecoveryCodesRepository;
  readonly passkeys: PasskeysRepository;
  readonly challenges: ChallengesRepository;
  readonly pendingLogins: PendingLoginsRepository;
  readonly proofs: SessionProofsRepository;
}

export const factorsOfOperators = (realm: Realm): FactorStores => ({
  totp: new TotpRepository(OperatorTotp, () => realm.manager),
  recoveryCodes: new RecoveryCodesRepository(OperatorRecoveryCode, () => realm.manager),
  passkeys: new PasskeysRepository(OperatorPasskey, () => realm.manager),
  challenges: new ChallengesRepository(OperatorChallenge, () => realm.manager),
  pendingLogins: new PendingLoginsRepository(OperatorPendingLogin, () => realm.manager),
  proofs: new SessionProofsRepository(OperatorSession, realm),
});

export const factorsOfUsers = (realm: Realm): FactorStores => ({
  totp: new TotpRepository(UserTotp, () => realm.manager),
  recoveryCodes: new RecoveryCodesRepository(UserRecoveryCode, () => realm.manager),
  passkeys: new PasskeysRepository(UserPasskey, () => realm.manager),
  challenges: new ChallengesRepository(UserChallenge, () => realm.manager),
  pendingLogins: new PendingLoginsRepository(UserPendingLogin, () => realm.manager),
  proofs: new SessionProofsRepository(UserSession, realm),
});
