import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Single-use links by which operators reset their password or confirm a new e-mail address. */
export class PlatformAccountTokens1790000061000 implements MigrationInterface {
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
        CONSTRAINT account_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE account_token');
  }
}
