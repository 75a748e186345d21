/** What a remembered answer can be about. */
export const SUBJECTS = ['session', 'account', 'tenant', 'signing_keys', 'everything'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Something that somebody may have remembered is not so any more. */
export interface Change {
  subject: Subject;
  /** Null for what belongs to the operators, or to no tenant. */
  tenantId: string | null;
  /** Of the session or the account; null for the others. */
  id: string | null;
}

export const ofSession = (tenantId: string | null, id: string): Change => ({
  subject: 'session',
  tenantId,
  id,
});
/** Its sessions change with it. */
export const ofAccount = (tenantId: string | null, id: string): Change => ({
  subject: 'account',
  tenantId,
  id,
});
/** And of all that is in it. */
export const ofTenant = (tenantId: string): Change => ({ subject: 'tenant', tenantId, id: null });
export const OF_SIGNING_KEYS: Change = { subject: 'signing_keys', tenantId: null, id: null };
export const OF_EVERYTHING: Change = { subject: 'everything', tenantId: null, id: null };

export const keyOf = ({ subject, tenantId, id }: Change): string =>
  `${subject} ${tenantId ?? '0'} ${id ?? '0'}`;

/** As text of a notification, with a mark by which the sender knows it again; far below PostgreSQL's 8000 bytes. */
export const formatChange = ({ subject, tenantId, id }: Change, mark?: string): string =>
  JSON.stringify({ subject, tenantId, id, mark });

/** The change that the text tells of. What this version does not understand may be anything, so it is everything. */
export function parseChange(text: string): Change {
  try {
    const { subject, tenantId, id } = (JSON.parse(text) ?? {}) as Partial<Record<keyof Change, unknown>>;
    const known = SUBJECTS.find((one) => one === subject);
    if (known !== undefined && isName(tenantId) && isName(id)) return { subject: known, tenantId, id };
  } catch {
    // Falls through: it is no JSON.
  }
  return OF_EVERYTHING;
}

/** The sender's mark in the text. */
export function markIn(text: string): string | undefined {
  try {
    const { mark } = (JSON.parse(text) ?? {}) as { mark?: unknown };
    return typeof mark === 'string' ? mark : undefined;
  } catch {
    return undefined;
  }
}

const isName = (value: unknown): value is string | null => value === null || typeof value === 'string';
