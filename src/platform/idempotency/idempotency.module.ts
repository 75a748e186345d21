import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ProtectionModule } from '../protection/protection.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { KeyedAnswers } from './keyed-answers.js';
import { OperatorIdempotencyRepository } from './operator-idempotency.repository.js';
import { TenantIdempotencyRepository } from './tenant-idempotency.repository.js';

/** What is sent twice counts once. */
@Module({
  imports: [TenancyModule, ProtectionModule],
  providers: [
    KeyedAnswers,
    TenantIdempotencyRepository,
    OperatorIdempotencyRepository,
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
  exports: [TenantIdempotencyRepository, OperatorIdempotencyRepository],
})
export class IdempotencyModule {}
