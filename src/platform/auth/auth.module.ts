import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AuditModule } from '../audit/audit.module.js';
import { ConfigModule, MASTER_KEY } from '../config/config.module.js';
import { ProtectionModule } from '../protection/protection.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { AccountStores } from './accounts/account-stores.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { InvitationsService } from './invitations/invitations.service.js';
import { JwksController } from './tokens/jwks.controller.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LoginService } from './login.service.js';
import { MeController } from './me.controller.js';
import { MeService } from './me.service.js';
import { OperatorsService } from './accounts/operators.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { SessionsService } from './sessions/sessions.service.js';
import { SigningKeys } from './tokens/signing-keys.js';
import { SigningKeysRepository } from './tokens/signing-keys.repository.js';
import { UserAccessService } from './accounts/user-access.service.js';

/** Who you are: accounts, passwords, sessions and the tokens that prove them. */
@Module({
  imports: [ConfigModule, TenancyModule, RolesModule, AuditModule, ProtectionModule, JwtModule.register({})],
  controllers: [AuthController, InvitationsController, MeController, JwksController],
  providers: [
    AccessTokens,
    AccountStores,
    AuthenticationGuard,
    InvitationsService,
    JwtStrategy,
    LoginService,
    MeService,
    OperatorsService,
    PasswordHasher,
    PasswordPolicy,
    PasswordsService,
    SessionsService,
    SigningKeysRepository,
    UserAccessService,
    {
      provide: SigningKeys,
      inject: [SigningKeysRepository, MASTER_KEY],
      useFactory: (repository: SigningKeysRepository, masterKey: Buffer) =>
        SigningKeys.load(repository, masterKey),
    },
  ],
  exports: [
    AuthenticationGuard,
    InvitationsService,
    OperatorsService,
    PasswordHasher,
    PasswordPolicy,
    PasswordsService,
    SessionsService,
    UserAccessService,
  ],
})
export class AuthModule {}
