import { v7 as uuidv7 } from 'uuid';
import type { Permission } from '../../src/kernel/permissions.js';
import { addCredential, callerOf, makeAgent } from '../support/agents.js';
import { Client, send, type Answer, type Resource } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { unique, world, type TenantWorld } from '../support/world.js';
import { CALLERS, PLACES, type CallerKind, type Place } from './expectation.js';
import type { Thing } from './fixtures.js';

interface Credentials {
  tenant?: string;
  email: string;
  password: string;
}
interface Player {
  /** None of programs. */
  credentials?: Credentials;
  client: Client;
  /** How explanations name it; as a user when left out. */
  named?: Record<string, string>;
}

/** Of what `POST /v1/access/explain` says. */
interface Explained {
  status: number | null;
}

const STATE = `SELECT md5(string_agg(line, '' ORDER BY line)) AS hash FROM (
  SELECT item::text AS line FROM {schema}.vendor AS item UNION ALL SELECT item::text FROM {schema}.agent AS item
  UNION ALL SELECT item::text FROM {schema}.file AS item UNION ALL SELECT item::text FROM {schema}."user" AS item
  UNION ALL SELECT item::text FROM {schema}.role AS item
  UNION ALL SELECT (to_jsonb(item) - 'last_used_at' - 'last_used_from')::text FROM {schema}.api_key AS item
  UNION ALL SELECT (to_jsonb(item) - 'last_used_at' - 'last_used_from')::text FROM {schema}.agent_credential AS item
  UNION ALL SELECT item::text FROM {schema}.request_signing_key AS item) AS lines`;

/** Two tenants with their things, a suspended one, and a caller of each kind. */
export class Stage {
  readonly marker = unique('mark');
  private readonly players = new Map<CallerKind, Player>();
  private readonly standing = new Map<string, string>();
  private vendors: Record<string, string> = {};
  private robots: Record<string, string> = {};

  private constructor(
    private readonly ours: TenantWorld,
    private readonly theirs: TenantWorld,
  ) {}

  static async build(): Promise<Stage> {
    const [ours, theirs, suspended] = [await world.tenant(), await world.tenant(), await world.tenant()];
    const stage = new Stage(ours, theirs);
    for (const place of ['first', 'second', 'theirs'] as const) {
      const vendor = await stage.tenantOf(place).vendor({ name: `${stage.marker} ${place}` });
      stage.vendors[place] = vendor.id;
      stage.standing.set(`vendor ${place}`, vendor.id);
      stage.robots[place] = (await stage.robot(place)).id;
    }
    await ours.admin.create('/v1/roles', { name: 'custom', permissions: CALLERS.custom.grants });
    await stage.cast('tenant_admin', ours, { roles: ['tenant_admin'] });
    for (const role of ['viewer', 'auditor'] as const) await stage.cast(role, ours, { roles: [role] });
    await stage.cast('vendor', ours, { roles: ['vendor'], vendorId: stage.vendors['first'] });
    await stage.cast('custom', ours, { roles: ['custom'], vendorId: stage.vendors['first'] });
    await stage.castKey('tenant_key', ours);
    await stage.castKey('vendor_key', ours, stage.vendors['first']);
    await stage.castAgent('agent', ours, stage.vendors['first']!);
    await stage.cast('other_vendor', ours, { roles: ['vendor'], vendorId: stage.vendors['second'] });
    await stage.cast('other_tenant', theirs, { roles: ['tenant_admin'] });
    await stage.cast('suspended', suspended, { roles: ['tenant_admin'] });
    const operator = { email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD };
    stage.players.set('operator', { credentials: operator, client: await Client.signIn(operator) });
    await (await world.operator()).post(`/v1/tenants/${suspended.id}/suspend`);
    return stage;
  }

  /** A call as that kind of caller; with a session of its own when it ends with the call. */
  async call(
    kind: CallerKind,
    method: string,
    path: string,
    body: unknown,
    session?: Client,
  ): Promise<Answer> {
    const token = (session ?? this.players.get(kind)?.client)?.token;
    return send(method, path, { token, body });
  }

  /** What the tenant's administrator is told of such a call; undefined for those who are none of the tenant's users. */
  async explain(kind: CallerKind, method: string, path: string): Promise<Explained | undefined> {
    const { client, named } = this.players.get(kind) ?? {};
    if (!client || CALLERS[kind]?.tenant !== 'ours') return undefined;
    const [bare] = path.split('?');
    const answer = await this.ours.admin.post('/v1/access/explain', {
      ...{ ...(named ?? { userId: client.me.id }), method, path: bare },
    });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body as Explained;
  }

  /** A further session of the caller; undefined for those who have none. */
  async signInAgain(kind: CallerKind): Promise<Client | undefined> {
    const player = this.players.get(kind);
    return !player?.credentials || kind === 'suspended' ? undefined : Client.signIn(player.credentials);
  }

  /** The vendor that a body of this caller's names. */
  vendorOf(kind: CallerKind): string {
    return this.vendors[homeOf(kind)]!;
  }

  /** The software agent that such a body names. */
  agentOf(kind: CallerKind): string {
    return this.robots[homeOf(kind)]!;
  }

  /** Somebody who holds the permission, and what it takes to see the answer, without these fields. */
  async withoutFields(permission: Permission, fields: readonly string[]): Promise<Client> {
    const [resource] = permission.split(':');
    const name = unique('narrow').replace('-', '_');
    const permissions = [...new Set([permission, `${resource}:read`])].map((one) => `${one}:any`);
    const exceptFields = fields.map((field) => permission.replace(':', `.${field}:`));
    await this.ours.admin.create('/v1/roles', { name, permissions, exceptFields });
    return this.ours.user({ roles: [name] });
  }

  /** What names the thing in a path: one that stands there for all, or one of its own. */
  async name(
    thing: Thing,
    place: Place,
    isFresh: boolean,
    session?: Client,
  ): Promise<{ id: string; slug: string }> {
    if (place === 'missing')
      return { id: thing === 'role' ? unique('no').replace('-', '_') : uuidv7(), slug: '' };
    if (thing === 'tenant') {
      const { id, slug } = isFresh ? await world.tenant() : this.theirs;
      return { id, slug };
    }
    if (thing === 'session') return { id: await this.session(place, session), slug: '' };
    const key = `${thing} ${place}`;
    const known = isFresh ? undefined : this.standing.get(key);
    const id = known ?? (await this.make(thing, place, isFresh ? 'Fresh' : this.marker));
    if (!isFresh) this.standing.set(key, id);
    return { id, slug: '' };
  }

  /** What the tables of both tenants hold, as one hash. */
  async state(): Promise<string> {
    const rows = await Promise.all(
      [this.ours, this.theirs].map(({ id }) => asOwner<{ hash: string }>(STATE, [], id)),
    );
    return rows.map(([row]) => row?.hash).join();
  }

  private tenantOf(place: keyof typeof this.vendors): TenantWorld {
    return place === 'theirs' ? this.theirs : this.ours;
  }

  private async cast(kind: CallerKind, tenant: TenantWorld, rights: object): Promise<void> {
    const credentials = { email: `${unique(kind)}@ringfence.test`, password: `Passphrase ${unique('of')}` };
    await tenant.admin.create('/v1/users', { ...credentials, name: kind, ...rights });
    const client = await Client.signIn({ tenant: tenant.slug, ...credentials });
    this.players.set(kind, { credentials: { tenant: tenant.slug, ...credentials }, client });
  }

  private async castKey(kind: CallerKind, { admin }: TenantWorld, vendorId?: string): Promise<void> {
    const permissions = CALLERS[kind]!.grants;
    const { id, secret } = await admin.create('/v1/api-keys', { name: kind, permissions, vendorId });
    this.players.set(kind, { client: await Client.with(String(secret)), named: { apiKeyId: id } });
  }

  private async castAgent(kind: CallerKind, { admin }: TenantWorld, vendorId: string): Promise<void> {
    const made = await makeAgent(admin, vendorId, CALLERS[kind]!.grants);
    const named = { agentCredentialId: made.credentialId };
    this.players.set(kind, { client: await callerOf(made), named });
  }

  private robot(place: keyof typeof this.vendors): Promise<Resource> {
    const facts = { kind: 'software', status: 'active', name: unique('Robot') };
    return this.tenantOf(place).agent({ id: this.vendors[place]! }, facts);
  }

  private async make(thing: Thing, place: Exclude<Place, 'missing'>, prefix: string): Promise<string> {
    const tenant = this.tenantOf(place);
    const vendorId = this.vendors[place]!;
    const name = `${prefix} ${PLACES[place].vendor} ${unique('thing')}`;
    if (thing === 'vendor') return (await tenant.vendor({ name })).id;
    if (thing === 'agent') return (await tenant.agent({ id: vendorId }, { name })).id;
    if (thing === 'file')
      return ((await tenant.admin.upload(`/v1/vendors/${vendorId}`, 'a.txt', name)).body as Resource).id;
    if (thing === 'user') {
      const email = `${unique('user')}@ringfence.test`;
      return (await tenant.admin.create('/v1/users', { email, name, roles: ['vendor'], vendorId })).id;
    }
    if (thing === 'api_key') {
      const permissions = ['agents:read:own'];
      return (await tenant.admin.create('/v1/api-keys', { name, permissions, vendorId })).id;
    }
    if (thing === 'agent_credential') {
      const { credential } = await addCredential(tenant.admin, await this.robot(place), ['agents:read:own'], {
        name,
      });
      return credential.id;
    }
    if (thing === 'signing_key') {
      const key = { name, algorithm: 'hmac-sha256', vendorId };
      return (await tenant.admin.create('/v1/signing-keys', key)).id;
    }
    const role = { name: unique('role').replace('-', '_'), permissions: ['agents:read:own'] };
    await tenant.admin.create('/v1/roles', role);
    return role.name;
  }

  private async session(place: Exclude<Place, 'missing'>, own?: Client): Promise<string> {
    const anothers = place === 'second' ? this.ours.admin : this.theirs.admin;
    const client = place === 'first' ? (own ?? this.ours.admin) : anothers;
    const { data } = (await client.get('/v1/auth/sessions')).body as {
      data: (Resource & { current: boolean })[];
    };
    return data.find(({ current }) => current)!.id;
  }
}

const homeOf = (kind: CallerKind): string =>
  kind === 'other_vendor' ? 'second' : kind === 'other_tenant' ? 'theirs' : 'first';
