import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Single-use links by which users reset their password or confirm a new e-mail address; and that a user can be locked. */
export class TenantAccountTokens1790000061000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account_token (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        purpose text NOT NULL,
        token_hash text NOT NULL,
        email text,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT account_token_pkey PRIMARY KEY (id),
        CONSTRAINT account_token_account_id_purpose_key UNIQUE (account_id, purpose),
        CONSTRAINT account_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES "user" (id) ON DELETE CASCADE
      )`);
    await runner.query('ALTER TABLE "user" ADD COLUMN locked_at timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "user" DROP COLUMN locked_at');
    await runner.query('DROP TABLE account_token');
  }
}
