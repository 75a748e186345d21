import type { MigrationInterface, QueryRunner } from 'typeorm';

/** With what, when and from where a session was begun. What was begun before, with a password alone, says so. */
export class TenantSessionFacts1790000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE session
        ADD COLUMN methods text[] NOT NULL DEFAULT '{pwd}',
        ADD COLUMN proved_at timestamptz(3) NOT NULL DEFAULT now(),
        ADD COLUMN user_agent text,
        ADD COLUMN address text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE session
        DROP COLUMN methods,
        DROP COLUMN proved_at,
        DROP COLUMN user_agent,
        DROP COLUMN address`);
  }
}
