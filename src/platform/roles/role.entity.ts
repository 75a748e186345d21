import { Column, Entity } from 'typeorm';
import { Internal } from '../../kernel/classification.js';
import { TenantResource } from '../tenancy/tenant-resource.js';

/** A role that a tenant made of the permission catalogue. Users refer to it by its name, which never changes. */
@Entity({ name: 'role' })
export class CustomRole extends TenantResource {
  @Column('text', { unique: true })
  @Internal()
  name: string;

  @Column('text', { nullable: true })
  @Internal()
  description: string | null;

  /** As `agents:read:own`. */
  @Column('text', { array: true })
  @Internal()
  permissions: string[];

  /** As `agents.phone`, or `agents.phone:update`. */
  @Column('text', { array: true })
  @Internal()
  exceptFields: string[];
}
