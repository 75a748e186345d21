import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When each migration was run, by the tenant's own ledger; not known of those before this one. */
export class LedgerTimes1790000030000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE migration ADD COLUMN done_at timestamptz(3)');
    await runner.query('ALTER TABLE migration ALTER COLUMN done_at SET DEFAULT now()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE migration DROP COLUMN done_at');
  }
}
