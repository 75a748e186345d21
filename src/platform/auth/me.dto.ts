import { ApiProperty } from '@nestjs/swagger';
import type { Actor, ActorKind } from '../../kernel/actor.js';
import type { Tenant } from '../tenancy/registry/tenant.entity.js';

/** An account, a key or an agent. */
export interface Named {
  name: string;
  email?: string;
}

export class MyTenantDto {
  /** UUID of the tenant */
  id: string;

  /** The tenant's short name, as used to sign in */
  slug: string;
}

export class MyActorDto {
  /** Who they are */
  kind: 'operator';

  /** UUID of the operator */
  id: string;

  /** Why they act as the account */
  reason: string;

  /** Whether they may only look */
  readOnly: boolean;
}

export class MeDto {
  /** UUID of the account, of the API key, or of the agent */
  id: string;

  /** Operators run the installation; users belong to a tenant; programs call with an API key, or as a software agent */
  kind: ActorKind;

  /** E-mail address of the account; programs have none */
  email?: string;

  /** Name of the account, of the API key, or of the agent */
  name: string;

  /** The tenant of a user; null for operators */
  tenant: MyTenantDto | null;

  /** The vendor to which permissions of scope `own` are confined */
  vendorId: string | null;

  /** Roles of the account; none of a program */
  roles: string[];

  /** What the caller may do, as `<resource>:<action>:<scope>` */
  permissions: string[];

  /** Fields that those permissions come without, as `agents.phone:read` */
  exceptFields: string[];

  /** The operator who acts as the account; null when it is its owner who calls */
  @ApiProperty({ type: MyActorDto, nullable: true })
  actor: MyActorDto | null;

  static from(actor: Actor, { name, email }: Named, tenant: Tenant | null): MeDto {
    const { id, kind, vendorId, impersonation } = actor;
    return {
      id,
      kind,
      ...(email !== undefined && { email }),
      name,
      tenant: tenant && { id: tenant.id, slug: tenant.slug },
      vendorId,
      roles: [...actor.roles],
      permissions: [...actor.grants].sort(),
      exceptFields: actor.exceptFields,
      actor: impersonation && {
        kind: 'operator',
        id: impersonation.operatorId,
        reason: impersonation.reason,
        readOnly: impersonation.readOnly,
      },
    };
  }
}
