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

type ManagerSource = ConstructorParameters<typeof TotpRepository>[1];

/** One realm's second factors, and what is under way with them. */
export interface FactorStores {
  readonly totp: TotpRepository;
  readonly recoveryCodes: RecoveryCodesRepository;
  readonly passkeys: PasskeysRepository;
  readonly challenges: ChallengesRepository;
  readonly pendingLogins: PendingLoginsRepository;
  readonly proofs: SessionProofsRepository;
}

export const factorsOfOperators = (manager: ManagerSource): FactorStores => ({
  totp: new TotpRepository(OperatorTotp, manager),
  recoveryCodes: new RecoveryCodesRepository(OperatorRecoveryCode, manager),
  passkeys: new PasskeysRepository(OperatorPasskey, manager),
  challenges: new ChallengesRepository(OperatorChallenge, manager),
  pendingLogins: new PendingLoginsRepository(OperatorPendingLogin, manager),
  proofs: new SessionProofsRepository(OperatorSession, manager),
});

export const factorsOfUsers = (manager: ManagerSource): FactorStores => ({
  totp: new TotpRepository(UserTotp, manager),
  recoveryCodes: new RecoveryCodesRepository(UserRecoveryCode, manager),
  passkeys: new PasskeysRepository(UserPasskey, manager),
  challenges: new ChallengesRepository(UserChallenge, manager),
  pendingLogins: new PendingLoginsRepository(UserPendingLogin, manager),
  proofs: new SessionProofsRepository(UserSession, manager),
});
