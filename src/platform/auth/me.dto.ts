import type { Actor } from '../../kernel/actor.js';
import type { Tenant } from '../tenancy/registry/tenant.entity.js';
import type { AccountColumns } from './accounts/account.entity.js';

export class MyTenantDto {
  /** UUID of the tenant */
  id: string;

  /** The tenant's short name, as used to sign in */
  slug: string;
}

export class MeDto {
  /** UUID of the account */
  id: string;

  /** Operators run the installation; users belong to a tenant */
  kind: 'operator' | 'user';

  /** E-mail address of the account */
  email: string;

  /** Name of the account */
  name: string;

  /** The tenant of a user; null for operators */
  tenant: MyTenantDto | null;

  /** The vendor to which permissions of scope `own` are confined */
  vendorId: string | null;

  /** Roles of the account */
  roles: string[];

  /** What the roles allow, as `<resource>:<action>:<scope>` */
  permissions: string[];

  /** Fields that those permissions come without, as `agents.phone:read` */
  exceptFields: string[];

  static from(actor: Actor, account: AccountColumns, tenant: Tenant | null): MeDto {
    const { id, kind, vendorId } = actor;
    return {
      id,
      kind,
      email: account.email,
      name: account.name,
      tenant: tenant && { id: tenant.id, slug: tenant.slug },
      vendorId,
      roles: [...actor.roles],
      permissions: [...actor.grants].sort(),
      exceptFields: actor.exceptFields,
    };
  }
}
