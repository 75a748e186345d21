import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles that a tenant makes of the permission catalogue. Code before it knows the built-in roles alone. */
export class TenantCustomRoles1790000080000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE role (
        id uuid NOT NULL,
        name text NOT NULL,
        description text,
        permissions text[] NOT NULL,
        except_fields text[] NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL,
        CONSTRAINT role_pkey PRIMARY KEY (id),
        CONSTRAINT role_name_key UNIQUE (name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE role');
  }
}
