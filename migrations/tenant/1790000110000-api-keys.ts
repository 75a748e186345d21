import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keys by which programs call, on behalf of the tenant or of one vendor, and keys with which they sign. Of the secrets of
 * the former only hashes are kept.
 */
export class TenantApiKeys1790000110000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_key (
        id uuid NOT NULL,
        vendor_id uuid,
        name text NOT NULL,
        permissions text[] NOT NULL,
        except_fields text[] NOT NULL,
        secret_hash text NOT NULL,
        previous_hash text,
        previous_until timestamptz(3),
        require_signature boolean NOT NULL DEFAULT false,
        expires_at timestamptz(3) NOT NULL,
        told_days integer,
        last_used_at timestamptz(3),
        last_used_from text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT api_key_pkey PRIMARY KEY (id),
        CONSTRAINT api_key_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX api_key_created_at_id_idx ON api_key (created_at, id)');
    await runner.query(
      'CREATE INDEX api_key_vendor_id_created_at_id_idx ON api_key (vendor_id, created_at, id)',
    );
    await runner.query('CREATE INDEX api_key_expires_at_idx ON api_key (expires_at)');
    await runner.query(`
      CREATE TABLE request_signing_key (
        id uuid NOT NULL,
        vendor_id uuid,
        name text NOT NULL,
        algorithm text NOT NULL,
        public_key text,
        sealed_secret text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT request_signing_key_pkey PRIMARY KEY (id),
        CONSTRAINT request_signing_key_vendor_id_fkey FOREIGN KEY (vendor_id) REFERENCES vendor (id) ON DELETE CASCADE
      )`);
    await runner.query(
      'CREATE INDEX request_signing_key_created_at_id_idx ON request_signing_key (created_at, id)',
    );
    await runner.query(
      'CREATE INDEX request_signing_key_vendor_id_created_at_id_idx ON request_signing_key (vendor_id, created_at, id)',
    );
    await runner.query(`
      CREATE TABLE request_nonce (
        signing_key_id uuid NOT NULL,
        nonce text NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT request_nonce_pkey PRIMARY KEY (signing_key_id, nonce),
        CONSTRAINT request_nonce_signing_key_id_fkey FOREIGN KEY (signing_key_id) REFERENCES request_signing_key (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX request_nonce_expires_at_idx ON request_nonce (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['request_nonce', 'request_signing_key', 'api_key'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
