import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { CONFIG, ConfigModule } from '../config/config.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ProtectionModule } from '../protection/protection.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { ApiKeyCallers } from './api-key-callers.js';
import { ApiKeyProofs } from './api-key-proofs.js';
import type { KeyEnvironment } from './api-key-text.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService, KEY_ENVIRONMENT } from './api-keys.service.js';
import { EndingCredentials } from './expiry/ending-credentials.js';
import { ExpiryMails } from './expiry/expiry-mails.js';
import { ExpiryNotices } from './expiry/expiry-notices.js';
import { KeyKeepersRepository } from './expiry/key-keepers.repository.js';
import { AgentCredentialsController } from './agents/agent-credentials.controller.js';
import { AgentCredentialsRepository } from './agents/agent-credentials.repository.js';
import { AgentCredentialsService } from './agents/agent-credentials.service.js';
import { AssertionsRepository } from './agents/assertions.repository.js';
import { NoncesRepository } from './signing/nonces.repository.js';
import { SignedRequests } from './signing/signed-requests.js';
import { SigningKeySecrets } from './signing/signing-key-secrets.js';
import { SigningKeysController } from './signing/signing-keys.controller.js';
import { SigningKeysRepository } from './signing/signing-keys.repository.js';
import { SigningKeysService } from './signing/signing-keys.service.js';

/** By which programs call. */
@Module({
  imports: [ConfigModule, TenancyModule, RolesModule, AuditModule, MailModule, ProtectionModule],
  controllers: [ApiKeysController, SigningKeysController, AgentCredentialsController],
  providers: [
    AgentCredentialsRepository,
    AgentCredentialsService,
    ApiKeyCallers,
    ApiKeyProofs,
    ApiKeysRepository,
    ApiKeysService,
    AssertionsRepository,
    EndingCredentials,
    ExpiryMails,
    ExpiryNotices,
    KeyKeepersRepository,
    NoncesRepository,
    SignedRequests,
    SigningKeySecrets,
    SigningKeysRepository,
    SigningKeysService,
    {
      provide: KEY_ENVIRONMENT,
      inject: [CONFIG],
      useFactory: ({ nodeEnv }: Config): KeyEnvironment => (nodeEnv === 'production' ? 'live' : 'test'),
    },
  ],
  exports: [ApiKeyCallers, ApiKeysRepository, AgentCredentialsRepository, AssertionsRepository],
})
export class ApiKeysModule {}
