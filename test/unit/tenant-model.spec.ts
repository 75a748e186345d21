import { BaseEntity, Column, Entity, ManyToOne, PrimaryColumn } from 'typeorm';
import { Vendor } from '../../src/features/vendors/vendor.entity.js';
import { TenantContext } from '../../src/platform/tenancy/tenant-context.js';
import { TenantModel } from '../../src/platform/tenancy/tenant-data-source.js';

describe('the tenant model', () => {
  @Entity({ name: 'lazy_child' })
  class LazyChild {
    @PrimaryColumn('uuid') id: string;
    @ManyToOne(() => Vendor, { lazy: true }) vendor: Promise<Vendor>;
  }
  @Entity({ name: 'elsewhere', schema: 'public' })
  class Elsewhere {
    @PrimaryColumn('uuid') id: string;
  }
  @Entity({ name: 'active_record' })
  class ActiveRecord extends BaseEntity {
    @PrimaryColumn('uuid') id: string;
    @Column('text') name: string;
  }

  it.each([
    ['a lazy relation', [Vendor, LazyChild], 'lazy relation'],
    ['an entity with a schema of its own', [Elsewhere], 'names a schema'],
    ['an ActiveRecord entity', [ActiveRecord], 'BaseEntity'],
  ])('is refused with %s', async (_, entities, reason) => {
    await expect(TenantModel.build(entities as (new () => object)[], '18.0')).rejects.toThrow(reason);
  });

  it('opens no connection to be built', async () => {
    const model = await TenantModel.build([Vendor], '18.0');
    expect(new TenantContext(model, undefined as never)).toBeDefined();
  });
});
