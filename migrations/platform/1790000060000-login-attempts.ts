import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of failed proofs of identity, and locks that come of them; and that an operator can lock an account. */
export class LoginAttempts1790000060000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE login_counter (
        key text NOT NULL,
        subject text NOT NULL,
        account_id uuid,
        failures integer NOT NULL,
        since timestamptz(3) NOT NULL,
        last_failed_at timestamptz(3) NOT NULL,
        locked_until timestamptz(3),
        known_since timestamptz(3),
        CONSTRAINT login_counter_pkey PRIMARY KEY (key)
      )`);
    await runner.query('CREATE INDEX login_counter_subject_idx ON login_counter (subject)');
    await runner.query('CREATE INDEX login_counter_last_failed_at_idx ON login_counter (last_failed_at)');
    await runner.query('ALTER TABLE operator ADD COLUMN locked_at timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE operator DROP COLUMN locked_at');
    await runner.query('DROP TABLE login_counter');
  }
}
