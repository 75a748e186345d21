import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What every tenant has: vendors, their agents and files, the users and their sign-in. Names no schema. */
export class CreateTenantTables1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const versioned = `
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL`;
    await runner.query(`
      CREATE TABLE vendor (
        id uuid NOT NULL,
        name text NOT NULL,
        legal_name text,
        contact_email text NOT NULL,
        contact_phone text,
        tax_id text,
        website text,
        status text NOT NULL,
        tags text[] NOT NULL,
        ${versioned},
        CONSTRAINT vendor_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`
      CREATE TABLE agent (
        id uuid NOT NULL,
        vendor_id uuid NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        email text,
        phone text,
        status text NOT NULL,
        capabilities text[] NOT NULL,
        valid_until timestamptz(3),
        ${versioned},
        CONSTRAINT agent_pkey PRIMARY KEY (id),
        CONSTRAINT agent_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE file (
        id uuid NOT NULL,
        vendor_id uuid NOT NULL,
        agent_id uuid,
        name text NOT NULL,
        media_type text NOT NULL,
        size bigint NOT NULL,
        sha256 text NOT NULL,
        label text,
        scan text NOT NULL,
        ${versioned},
        CONSTRAINT file_pkey PRIMARY KEY (id),
        CONSTRAINT file_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE CASCADE,
        CONSTRAINT file_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE "user" (
        id uuid NOT NULL,
        email text NOT NULL,
        name text NOT NULL,
        roles text[] NOT NULL,
        vendor_id uuid,
        password_hash text,
        ${versioned},
        CONSTRAINT user_pkey PRIMARY KEY (id),
        CONSTRAINT user_email_key UNIQUE (email),
        CONSTRAINT user_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE SET NULL
      )`);
    await runner.query(`
      CREATE TABLE session (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        refresh_hash text NOT NULL,
        used_hashes text[] NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        last_used_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        ended_at timestamptz(3),
        CONSTRAINT session_pkey PRIMARY KEY (id),
        CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES "user" (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE invitation (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        token_hash text NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT invitation_pkey PRIMARY KEY (id),
        CONSTRAINT invitation_account_id_key UNIQUE (account_id),
        CONSTRAINT invitation_account_id_fkey FOREIGN KEY (account_id) REFERENCES "user" (id) ON DELETE CASCADE
      )`);
    for (const [table, columns] of INDEXES) {
      await runner.query(
        `CREATE INDEX ${table}_${columns.join('_')}_idx ON "${table}" (${columns.join(', ')})`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['invitation', 'session', 'user', 'file', 'agent', 'vendor']) {
      await runner.query(`DROP TABLE "${table}"`);
    }
  }
}

const INDEXES: readonly (readonly [table: string, columns: readonly string[]])[] = [
  ['vendor', ['created_at', 'id']],
  ['vendor', ['name', 'id']],
  ['agent', ['created_at', 'id']],
  ['agent', ['name', 'id']],
  ['agent', ['vendor_id', 'created_at', 'id']],
  ['file', ['vendor_id', 'created_at', 'id']],
  ['file', ['agent_id', 'created_at', 'id']],
  ['user', ['created_at', 'id']],
  ['user', ['vendor_id']],
  ['session', ['account_id']],
];
