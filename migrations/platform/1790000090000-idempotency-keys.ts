import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The answers to keyed requests of operators. */
export class PlatformIdempotencyKeys1790000090000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency_key (
        caller_id uuid NOT NULL,
        key_hash text NOT NULL,
        fingerprint text NOT NULL,
        answer text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT idempotency_key_pkey PRIMARY KEY (caller_id, key_hash)
      )`);
    await runner.query('CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_key');
  }
}
