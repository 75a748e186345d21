import { Enrolments } from './enrolments.js';
import { FactorChanges } from './factor-changes.js';
import { FactorChecks } from './factor-checks.js';
import { FactorInventory } from './factor-inventory.js';
import { FactorResetService } from './factor-reset.service.js';
import { EnrolmentParts, MfaEnrolmentService } from './mfa/mfa-enrolment.service.js';
import { MfaController } from './mfa/mfa.controller.js';
import { MfaService } from './mfa/mfa.service.js';
import { SignInService } from './mfa/sign-in.service.js';
import { OwnFactorsController } from './own-factors.controller.js';
import { OwnFactorsService } from './own-factors.service.js';
import { PasskeyLoginController } from './passkeys/passkey-login.controller.js';
import { PasskeyLoginService } from './passkeys/passkey-login.service.js';
import { PasskeysController } from './passkeys/passkeys.controller.js';
import { RelyingParty } from './passkeys/relying-party.js';
import { WebAuthn } from './passkeys/webauthn.js';
import { SecurityPolicyController } from './policy/security-policy.controller.js';
import { SecurityPolicyRepository } from './policy/security-policy.repository.js';
import { SecurityPolicyService } from './policy/security-policy.service.js';
import { StepUpController } from './step-up/step-up.controller.js';
import { StepUpGuard } from './step-up/step-up.guard.js';
import { StepUpProofs, StepUpService } from './step-up/step-up.service.js';
import { TotpService } from './totp/totp.service.js';

/** The room of second factors, as part of the module of authentication: each needs the other. */
export const FACTOR_CONTROLLERS = [
  MfaController,
  OwnFactorsController,
  PasskeyLoginController,
  PasskeysController,
  SecurityPolicyController,
  StepUpController,
];

export const FACTOR_PROVIDERS = [
  EnrolmentParts,
  Enrolments,
  FactorChanges,
  FactorChecks,
  FactorInventory,
  FactorResetService,
  MfaEnrolmentService,
  MfaService,
  OwnFactorsService,
  PasskeyLoginService,
  RelyingParty,
  SecurityPolicyRepository,
  SecurityPolicyService,
  SignInService,
  StepUpGuard,
  StepUpProofs,
  StepUpService,
  TotpService,
  WebAuthn,
];

/** What other rooms may ask for. */
export const FACTOR_EXPORTS = [FactorResetService, SecurityPolicyService, SignInService, StepUpGuard];
