import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ConfigModule, MASTER_KEY } from '../config/config.module.js';
import { TenantLifecycle } from '../tenancy/registry/tenant-lifecycle.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { FieldSealer } from './field-sealer.js';
import { LocalKeyWrapper } from './key-wrapper.js';
import { TenantKeysRepository } from './tenant-keys.repository.js';
import { TenantKeys } from './tenant-keys.js';

/** Keys of data, and what is encrypted with them. */
@Module({
  imports: [ConfigModule, TenancyModule],
  providers: [
    FieldSealer,
    TenantKeys,
    TenantKeysRepository,
    {
      provide: LocalKeyWrapper,
      inject: [MASTER_KEY],
      useFactory: (masterKey: Buffer) => new LocalKeyWrapper(masterKey),
    },
  ],
  exports: [FieldSealer, TenantKeys],
})
export class ProtectionModule implements OnModuleInit {
  constructor(
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
    private readonly keys: TenantKeys,
  ) {}

  onModuleInit(): void {
    this.lifecycle.onShred((tenantId) => this.keys.destroy(tenantId));
  }
}
