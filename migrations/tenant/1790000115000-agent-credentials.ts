import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Public keys with which software agents sign in, and the ids of assertions that they used. */
export class TenantAgentCredentials1790000115000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE agent_credential (
        id uuid NOT NULL,
        agent_id uuid NOT NULL,
        vendor_id uuid NOT NULL,
        name text NOT NULL,
        public_key text NOT NULL,
        permissions text[] NOT NULL,
        except_fields text[] NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        told_days integer,
        last_used_at timestamptz(3),
        last_used_from text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT agent_credential_pkey PRIMARY KEY (id),
        CONSTRAINT agent_credential_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE,
        CONSTRAINT agent_credential_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE CASCADE
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX agent_credential_agent_id_public_key_idx ON agent_credential (agent_id, public_key)',
    );
    await runner.query(
      'CREATE INDEX agent_credential_created_at_id_idx ON agent_credential (created_at, id)',
    );
    await runner.query(
      'CREATE INDEX agent_credential_vendor_id_created_at_id_idx ON agent_credential (vendor_id, created_at, id)',
    );
    await runner.query('CREATE INDEX agent_credential_expires_at_idx ON agent_credential (expires_at)');
    await runner.query(`
      CREATE TABLE agent_assertion (
        credential_id uuid NOT NULL,
        jti text NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT agent_assertion_pkey PRIMARY KEY (credential_id, jti),
        CONSTRAINT agent_assertion_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES agent_credential (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX agent_assertion_expires_at_idx ON agent_assertion (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['agent_assertion', 'agent_credential']) await runner.query(`DROP TABLE ${table}`);
  }
}
