import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a tenant may use at most, where it differs from the defaults; and how, why and since when it is suspended. */
export class TenantPolicyAndSuspension1790000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tenant
        ADD COLUMN policy jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN suspension_mode text,
        ADD COLUMN suspension_reason text,
        ADD COLUMN suspended_at timestamptz(3)`);
    await runner.query(`
      UPDATE tenant SET suspension_mode = 'blocked', suspended_at = updated_at WHERE status = 'suspended'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tenant
        DROP COLUMN policy,
        DROP COLUMN suspension_mode,
        DROP COLUMN suspension_reason,
        DROP COLUMN suspended_at`);
  }
}
