import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tenant's audit log: what happened, the chain that holds it together, and what the chain has not reached yet. */
export class TenantAuditLog1790000070000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_event (
        id uuid NOT NULL,
        created_at timestamptz(3) NOT NULL,
        action text NOT NULL,
        outcome text NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        impersonator_id uuid,
        account_id uuid,
        target_type text,
        target_id text,
        request_id text,
        detail jsonb NOT NULL,
        payload text NOT NULL,
        payload_digest text NOT NULL,
        mac text NOT NULL,
        CONSTRAINT audit_event_pkey PRIMARY KEY (id)
      )`);
    await runner.query('CREATE INDEX audit_event_created_at_id_idx ON audit_event (created_at, id)');
    await runner.query(
      'CREATE INDEX audit_event_target_id_created_at_id_idx ON audit_event (target_id, created_at, id)',
    );
    await runner.query(
      'CREATE INDEX audit_event_actor_id_created_at_id_idx ON audit_event (actor_id, created_at, id)',
    );
    await runner.query(`
      CREATE TABLE audit_link (
        sequence bigint NOT NULL,
        event_id uuid NOT NULL,
        hash text NOT NULL,
        mac text NOT NULL,
        CONSTRAINT audit_link_pkey PRIMARY KEY (sequence),
        CONSTRAINT audit_link_event_id_key UNIQUE (event_id)
      )`);
    await runner.query(
      'CREATE TABLE audit_pending (id uuid NOT NULL, CONSTRAINT audit_pending_pkey PRIMARY KEY (id))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['audit_pending', 'audit_link', 'audit_event'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
