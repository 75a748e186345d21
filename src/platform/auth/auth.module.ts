import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { CONFIG, ConfigModule } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { AccessTokens } from './access-tokens.js';
import { AccountStores } from './account-stores.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { InvitationsController } from './invitations.controller.js';
import { InvitationsService } from './invitations.service.js';
import { JwksController } from './jwks.controller.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LoginService } from './login.service.js';
import { MeController } from './me.controller.js';
import { MeService } from './me.service.js';
import { OperatorsService } from './operators.service.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { PasswordsService } from './passwords.service.js';
import { SessionsService } from './sessions.service.js';
import { SigningKeys } from './signing-keys.js';
import { SigningKeysRepository } from './signing-keys.repository.js';
import { UserAccessService } from './user-access.service.js';

/** Who you are: accounts, passwords, sessions and the tokens that prove them. */
@Module({
  imports: [ConfigModule, TenancyModule, JwtModule.register({})],
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
      inject: [SigningKeysRepository, CONFIG],
      useFactory: (repository: SigningKeysRepository, config: Config) =>
        SigningKeys.load(repository, config.masterKey),
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
