import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The second factors of operators, and what is under way with them. */
export class PlatformSecondFactors1790000050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE totp (
        account_id uuid NOT NULL,
        seed text NOT NULL,
        last_step bigint NOT NULL DEFAULT 0,
        confirmed_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT totp_pkey PRIMARY KEY (account_id),
        CONSTRAINT totp_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE recovery_code (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        code_hash text NOT NULL,
        used_at timestamptz(3),
        CONSTRAINT recovery_code_pkey PRIMARY KEY (id),
        CONSTRAINT recovery_code_account_id_code_hash_key UNIQUE (account_id, code_hash),
        CONSTRAINT recovery_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE passkey (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        name text NOT NULL,
        credential_id text NOT NULL,
        public_key text NOT NULL,
        counter bigint NOT NULL,
        transports text[] NOT NULL,
        synced boolean NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        last_used_at timestamptz(3),
        CONSTRAINT passkey_pkey PRIMARY KEY (id),
        CONSTRAINT passkey_credential_id_key UNIQUE (credential_id),
        CONSTRAINT passkey_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX passkey_account_id_idx ON passkey (account_id)');
    await runner.query(`
      CREATE TABLE webauthn_challenge (
        challenge text NOT NULL,
        purpose text NOT NULL,
        account_id uuid,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT webauthn_challenge_pkey PRIMARY KEY (challenge),
        CONSTRAINT webauthn_challenge_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX webauthn_challenge_expires_at_idx ON webauthn_challenge (expires_at)');
    await runner.query(`
      CREATE TABLE pending_login (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        purpose text NOT NULL,
        token_hash text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT pending_login_pkey PRIMARY KEY (id),
        CONSTRAINT pending_login_account_id_fkey FOREIGN KEY (account_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX pending_login_account_id_idx ON pending_login (account_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['pending_login', 'webauthn_challenge', 'passkey', 'recovery_code', 'totp']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
