import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The registry: tenants, operators and their sign-in, and the keys that sign access tokens. */
export class CreateRegistry1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenant (
        id uuid NOT NULL,
        slug text NOT NULL,
        name text NOT NULL,
        status text NOT NULL,
        schema_name text NOT NULL,
        login_shard integer NOT NULL,
        schema_version text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT tenant_pkey PRIMARY KEY (id),
        CONSTRAINT tenant_slug_key UNIQUE (slug),
        CONSTRAINT tenant_schema_name_key UNIQUE (schema_name)
      )`);
    await runner.query(`
      CREATE TABLE operator (
        id uuid NOT NULL,
        email text NOT NULL,
        name text NOT NULL,
        password_hash text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT operator_pkey PRIMARY KEY (id),
        CONSTRAINT operator_email_key UNIQUE (email)
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
        CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX session_account_id_idx ON session (account_id)');
    await runner.query(`
      CREATE TABLE invitation (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        token_hash text NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT invitation_pkey PRIMARY KEY (id),
        CONSTRAINT invitation_account_id_key UNIQUE (account_id),
        CONSTRAINT invitation_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE signing_key (
        kid text NOT NULL,
        public_jwk jsonb NOT NULL,
        private_jwe text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT signing_key_pkey PRIMARY KEY (kid)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['signing_key', 'invitation', 'session', 'operator', 'tenant']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
