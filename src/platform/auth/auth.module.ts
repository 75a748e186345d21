import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { CONFIG, ConfigModule, MASTER_KEY } from '../config/config.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ProtectionModule } from '../protection/protection.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { Changes } from '../tenancy/changes/changes.js';
import { KeyRotation } from './tokens/key-rotation.js';
import { KeyWrapping } from './tokens/key-wrapping.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { AccountLinks } from './recovery/account-links.js';
import { AccountLocks } from './accounts/account-locks.js';
import { AccountNotices } from './accounts/account-notices.js';
import { AccountStores } from './accounts/account-stores.js';
import { AgentFacts } from './agents/agent-facts.js';
import { AgentTokenController } from './agents/agent-token.controller.js';
import { AgentTokenService } from './agents/agent-token.service.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { CallerChanges } from './callers/caller-changes.js';
import { Callers } from './callers/callers.js';
import { VerifiedTokens } from './callers/verified-tokens.js';
import { ImpersonationService } from './impersonation/impersonation.service.js';
import { SupportAccessController } from './impersonation/support-access.controller.js';
import { SupportAccessRepository } from './impersonation/support-access.repository.js';
import { SupportAccessService } from './impersonation/support-access.service.js';
import { SecurityPolicyService } from './factors/policy/security-policy.service.js';
import { CurrentPassword } from './passwords/current-password.js';
import { EmailChangeService } from './recovery/email-change.service.js';
import { Errands } from './accounts/errands.js';
import { FACTOR_CONTROLLERS, FACTOR_EXPORTS, FACTOR_PROVIDERS } from './factors/factors.providers.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { InvitationsService } from './invitations/invitations.service.js';
import { JwksController } from './tokens/jwks.controller.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LockNotices } from './attempts/lock-notices.js';
import { LoginAttempts } from './attempts/login-attempts.js';
import { LoginCountersRepository } from './attempts/login-counters.repository.js';
import { LoginService } from './login.service.js';
import { MeController } from './me.controller.js';
import { MeService } from './me.service.js';
import { OperatorsService } from './accounts/operators.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordMinimum } from './passwords/password-minimum.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { PasswordResetService } from './recovery/password-reset.service.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { RecoveryController } from './recovery/recovery.controller.js';
import { SessionFacts } from './callers/session-facts.js';
import { SessionsService } from './sessions/sessions.service.js';
import { SigningKeys } from './tokens/signing-keys.js';
import { SigningKeysRepository } from './tokens/signing-keys.repository.js';
import { UserAccessService } from './accounts/user-access.service.js';

const rotationOf = (repository: SigningKeysRepository, masterKey: Buffer, config: Config): KeyRotation =>
  new KeyRotation(repository, new KeyWrapping(masterKey), config.signingKeyRotationDays);

/** Who you are: accounts, passwords, sessions and the tokens that prove them. */
@Module({
  imports: [
    ConfigModule,
    TenancyModule,
    RolesModule,
    ApiKeysModule,
    AuditModule,
    MailModule,
    ProtectionModule,
    JwtModule.register({}),
  ],
  controllers: [
    AgentTokenController,
    AuthController,
    InvitationsController,
    MeController,
    JwksController,
    RecoveryController,
    SupportAccessController,
    ...FACTOR_CONTROLLERS,
  ],
  providers: [
    AccessTokens,
    AccountLinks,
    AccountLocks,
    AccountNotices,
    AccountStores,
    AgentFacts,
    AgentTokenService,
    AuthenticationGuard,
    CallerChanges,
    Callers,
    ImpersonationService,
    CurrentPassword,
    EmailChangeService,
    Errands,
    InvitationsService,
    JwtStrategy,
    LockNotices,
    LoginAttempts,
    LoginCountersRepository,
    LoginService,
    MeService,
    OperatorsService,
    PasswordHasher,
    PasswordPolicy,
    PasswordResetService,
    PasswordsService,
    SessionFacts,
    SessionsService,
    SigningKeysRepository,
    SupportAccessRepository,
    SupportAccessService,
    UserAccessService,
    VerifiedTokens,
    ...FACTOR_PROVIDERS,
    {
      provide: PasswordMinimum,
      useExisting: SecurityPolicyService,
    },
    {
      provide: SigningKeys,
      inject: [SigningKeysRepository, MASTER_KEY, CONFIG],
      useFactory: async (repository: SigningKeysRepository, masterKey: Buffer, config: Config) => {
        await rotationOf(repository, masterKey, config).tend();
        return SigningKeys.load(repository, masterKey);
      },
    },
    {
      provide: KeyRotation,
      inject: [SigningKeysRepository, MASTER_KEY, CONFIG, SigningKeys, Changes],
      useFactory: (
        repository: SigningKeysRepository,
        masterKey: Buffer,
        config: Config,
        keys: SigningKeys,
        changes: Changes,
      ) => rotationOf(repository, masterKey, config).follow(changes, keys),
    },
  ],
  exports: [
    AccountLocks,
    AccountNotices,
    AccountStores,
    AuthenticationGuard,
    ImpersonationService,
    InvitationsService,
    LoginAttempts,
    OperatorsService,
    PasswordHasher,
    PasswordPolicy,
    PasswordResetService,
    PasswordsService,
    SessionsService,
    UserAccessService,
    ...FACTOR_EXPORTS,
  ],
})
export class AuthModule {}
