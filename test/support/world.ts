import { randomBytes } from 'node:crypto';
import { Client, type Resource } from './client.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from './server.js';
import { noteTenantTime } from './tenant-times.js';

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

  /**
   * A fresh tenant, made from the blueprint of all tenants, with its administrator signed in: for a test file, or for one
   * test. Nobody else knows it, so files that run at once never meet. It costs some 60 ms on an idle machine; the run
   * ends with a line that says how long the tests waited for theirs.
   */
  async tenant(slug = unique('tenant')): Promise<TenantWorld> {
    const operatorOfAll = await world.operator();
    const begun = performance.now();
    const admin = { email: uniqueEmail('admin'), password: uniquePassword() };
    const made = await operatorOfAll.create('/v1/tenants', { slug, name: `The ${slug}`, admin });
    const tenant = new TenantWorld(made.id, slug, await Client.signIn({ tenant: slug, ...admin }));
    noteTenantTime(performance.now() - begun);
    return tenant;
  },
};
