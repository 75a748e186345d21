import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From when a key signs, and when it was retired. The sessions of operators get the columns of all sessions. */
export class PlatformKeysAndImpersonation1790000040000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session ADD COLUMN impersonation jsonb');
    await runner.query(`
      ALTER TABLE signing_key
        ADD COLUMN signs_from timestamptz(3) NOT NULL DEFAULT now(),
        ADD COLUMN retired_at timestamptz(3)`);
    await runner.query('UPDATE signing_key SET signs_from = created_at');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE signing_key DROP COLUMN signs_from, DROP COLUMN retired_at');
    await runner.query('ALTER TABLE session DROP COLUMN impersonation');
  }
}
