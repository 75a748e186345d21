import { Injectable } from '@nestjs/common';
import { Actor, type ActorFacts } from '../../kernel/actor.js';
import { InvalidError, NotFoundError } from '../../kernel/errors.js';
import { AgentCredentialsRepository } from '../api-keys/agents/agent-credentials.repository.js';
import { ApiKeysRepository } from '../api-keys/api-keys.repository.js';
import { programEntries } from '../api-keys/program-rights.js';
import { RoleGrants } from '../roles/role-grants.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { UsersService } from '../users/users.service.js';
import type { ExplainDto } from './explain.dto.js';
import type { CountingGrant } from './explanation.js';

/** Somebody whose request is explained. */
export interface ExplainedCaller {
  actor: Actor;
  held: readonly CountingGrant[];
  /** Whether the credential by which a program would call is good now. */
  isGood: boolean;
}

const FIELDS = ['userId', 'apiKeyId', 'agentCredentialId'] as const;

/** Finds those whose requests are explained, as far as the asker may see them. They are looked at, not signed in. */
@Injectable()
export class ExplainedCallers {
  constructor(
    private readonly context: TenantContext,
    private readonly roles: RoleGrants,
    private readonly users: UsersService,
    private readonly keys: ApiKeysRepository,
    private readonly credentials: AgentCredentialsRepository,
  ) {}

  /** Throws InvalidError unless one caller is named, who exists. */
  async find(dto: ExplainDto): Promise<ExplainedCaller> {
    const [field, ...further] = FIELDS.filter((name) => dto[name] !== undefined);
    if (field === undefined || further.length > 0)
      throw InvalidError.field(
        `/${further[0] ?? 'userId'}`,
        'one_caller',
        `Give one of ${FIELDS.join(', ')}.`,
      );
    const id = dto[field]!;
    try {
      if (field === 'userId') return await this.user(id);
      return await (field === 'apiKeyId' ? this.apiKey(id) : this.agent(id));
    } catch (error) {
      if (error instanceof NotFoundError)
        throw InvalidError.field(`/${field}`, 'unknown', 'There is no such caller.');
      throw error;
    }
  }

  private async user(id: string): Promise<ExplainedCaller> {
    const { roles, vendorId } = await this.users.get(id);
    const byRole = await this.roles.byRole(roles);
    const held = [...byRole].flatMap(([role, entries]) => entries.map((entry) => ({ role, entry })));
    return { ...this.caller({ kind: 'user', id, vendorId, roles }, held), isGood: true };
  }

  private async apiKey(id: string): Promise<ExplainedCaller> {
    const key = await this.keys.getVisible(id, 'api_keys:read');
    const { vendorId } = key;
    const held = ofProgram(programEntries(key, vendorId));
    const isGood = (await this.keys.findGood(id)) !== null;
    return { ...this.caller({ kind: 'api_key', id, vendorId, roles: [] }, held), isGood };
  }

  private async agent(id: string): Promise<ExplainedCaller> {
    const credential = await this.credentials.getVisible(id, 'agent_credentials:read');
    const { agentId, vendorId } = credential;
    const held = ofProgram(programEntries(credential, vendorId));
    const isGood = (await this.credentials.findGood(id, agentId)) !== undefined;
    return { ...this.caller({ kind: 'agent', id: agentId, vendorId, roles: [] }, held), isGood };
  }

  private caller(
    who: Pick<ActorFacts, 'kind' | 'id' | 'vendorId' | 'roles'>,
    held: readonly CountingGrant[],
  ): Omit<ExplainedCaller, 'isGood'> {
    const { tenantId } = this.context.binding;
    const entries = held.map(({ entry }) => entry);
    // Nothing that asks for a session is run for it.
    return { actor: new Actor({ ...who, sessionId: '', tenantId, entries }), held };
  }
}

const ofProgram = (entries: readonly CountingGrant['entry'][]): CountingGrant[] =>
  entries.map((entry) => ({ role: null, entry }));
