import { randomBytes } from 'node:crypto';
import { Client, type Resource } from './client.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from './server.js';

export type TenantRole = 'tenant_admin' | 'vendor' | 'viewer' | 'auditor';
type Overrides = Record<string, unknown>;

/** Of letters and digits; different each time, so that tests which overlap never meet. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;
const uniqueEmail = (prefix: string): string => `${unique(prefix)}@ringfence.test`;
const uniquePassword = (): string => `Passphrase ${randomBytes(12).toString('hex')}`;

/** A tenant made for a test, and those who work in it. */
export class TenantWorld {
  constructor(
    readonly id: string,
    readonly slug: string,
    readonly admin: Client,
  ) {}

  vendor(overrides: Overrides = {}): Promise<Resource> {
    return this.admin.create('/v1/vendors', {
      name: unique('Vendor'),
      contactEmail: uniqueEmail('vendor'),
      status: 'active',
      tags: [],
      ...overrides,
    });
  }

  agent(vendor: { id: string }, overrides: Overrides = {}): Promise<Resource> {
    return this.admin.create('/v1/agents', {
      vendorId: vendor.id,
      name: unique('Agent'),
      kind: 'human',
      status: 'active',
      capabilities: [],
      ...overrides,
    });
  }

  /** A user of the tenant, signed in. */
  async user(overrides: Overrides = {}): Promise<Client> {
    const email = uniqueEmail('user');
    const password = uniquePassword();
    await this.admin.create('/v1/users', { email, password, name: unique('User'), ...overrides });
    return Client.signIn({ tenant: this.slug, email, password });
  }

  /** A user of that vendor, signed in. */
  vendorUser(vendor: { id: string }): Promise<Client> {
    return this.user({ roles: ['vendor'], vendorId: vendor.id });
  }

  /** A new user with that role, signed in; a `vendor` gets a vendor of its own. */
  async as(role: TenantRole): Promise<Client> {
    return role === 'vendor' ? this.vendorUser(await this.vendor()) : this.user({ roles: [role] });
  }
}

let operator: Promise<Client> | undefined;

/** What tests stand on: the shared server's operator, and tenants made for one test each. */
export const world = {
  operator: (): Promise<Client> =>
    (operator ??= Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD })),

  /** After requests were directed to another server, which has an operator of its own. */
  forgetOperator(): void {
    operator = undefined;
  },

  async tenant(slug = unique('tenant')): Promise<TenantWorld> {
    const admin = { email: uniqueEmail('admin'), password: uniquePassword() };
    const made = await (await world.operator()).create('/v1/tenants', { slug, name: `The ${slug}`, admin });
    return new TenantWorld(made.id, slug, await Client.signIn({ tenant: slug, ...admin }));
  },
};
