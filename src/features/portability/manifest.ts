import { z } from 'zod';
import { ArchiveError } from './archive.error.js';

export const MANIFEST = 'manifest.json';
const FORMAT_VERSION = 1;

const HISTORY =
  'what happened to this tenant: it can be proved here alone; `ringfence audit export` takes it along for others to verify';

/** Tables that do not travel, and why: what they hold is of use to the installation alone that gave it out. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  session: 'credentials in flight: the refresh tokens of those signed in',
  support_access: 'consent to operators, which each tenant gives for itself',
  idempotency_key: 'answers to requests that may be sent again to the installation that answered them',
  api_key: 'credentials of programs, made for the installation that gave them out',
  request_signing_key: 'credentials of programs, made for the installation that gave them out',
  request_nonce: 'requests that were seen, which are refused for their age soon',
  agent_credential: 'credentials of programs, made for the installation that gave them out',
  agent_assertion: 'sign-ins that were seen, which are refused for their age soon',
  invitation: 'credentials in flight: links by which passwords are chosen',
  account_token: 'credentials in flight: links by which passwords are reset and addresses confirmed',
  pending_login: 'credentials in flight: sign-ins that lack their second factor',
  webauthn_challenge: 'challenges in flight',
  audit_event: HISTORY,
  audit_link: HISTORY,
  audit_pending: HISTORY,
};

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const manifestSchema = z.strictObject({
  format: z.literal('ringfence-tenant'),
  formatVersion: z.literal(FORMAT_VERSION),
  createdAt: z.iso.datetime(),
  tenant: z.strictObject({ id: z.uuid(), slug: z.string(), name: z.string() }),
  /** Name of the newest migration that the tenant's schema had. */
  schemaVersion: z.string(),
  notes: z.array(z.string()),
  /** Tables without an entry, and why. */
  leftOut: z.record(z.string(), z.string()),
  /** Parents before children: the order in which they can be inserted. */
  tables: z.array(
    z.strictObject({
      table: z.string().regex(/^[a-z_]+$/),
      columns: z.array(z.string()),
      rows: count,
      bytes: count,
      sha256: digest,
    }),
  ),
  files: z.array(z.strictObject({ id: z.uuid(), bytes: count, sha256: digest })),
});

/** What an archive says of itself: all that is in it, with length and SHA-256. */
export type Manifest = z.infer<typeof manifestSchema>;
export type TableEntry = Manifest['tables'][number];
export type FileEntry = Manifest['files'][number];

export const tablePath = (table: string): string => `data/${table}.ndjson`;
export const filePath = (id: string): string => `files/${id}`;

/** Those of the tenant's tables that travel. */
export const travelling = <T extends { name: string }>(tables: readonly T[]): T[] =>
  tables.filter(({ name }) => !Object.hasOwn(LEFT_OUT, name));

/** The manifest with what is always in it. */
export function newManifest(
  facts: Omit<Manifest, 'format' | 'formatVersion' | 'createdAt' | 'notes' | 'leftOut'>,
): Manifest {
  return {
    format: 'ringfence-tenant',
    formatVersion: FORMAT_VERSION,
    createdAt: new Date().toISOString(),
    notes: [
      'Password hashes are included; they are keyed by the master key, so they are good in an installation that has the same one.',
      'Second factors are included, so that a restored tenant asks for them; a TOTP seed is sealed and opens in the tenant that it was made in alone.',
    ],
    leftOut: { ...LEFT_OUT },
    ...facts,
  };
}

/** Reads a manifest. Throws ArchiveError. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ArchiveError(`${MANIFEST} is damaged`);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ArchiveError(`${MANIFEST} is not that of an export which this version reads: see ${where}`);
}
