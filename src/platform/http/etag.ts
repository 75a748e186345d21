import { PreconditionFailedError } from '../../kernel/errors.js';
import type { ExpectedVersions } from '../../kernel/version.js';

/** Entity tags are what RFC 9110, 8.8.3 says: `W/`, and any visible character but a quote. */
const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const ENTITY_TAGS = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const TAG_LIST =
  /^[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[ \t]*$/;

/** The strong entity tag of a resource in this version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Whether `If-None-Match` names this tag, by weak comparison. A malformed field names nothing. */
export function isNoneMatch(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  if (field.trim() === '*') return true;
  return tagsIn(field)?.some((tag) => tag.replace(/^W\//, '') === etag.replace(/^W\//, '')) ?? false;
}

/**
 * The versions that `If-Match` names, by strong comparison: weak tags and tags that are not ours match nothing.
 * Undefined when the field is absent or `*`. A malformed field throws PreconditionFailedError.
 */
export function versionsIn(field: string | undefined): ExpectedVersions {
  if (field === undefined || field.trim() === '*') return undefined;
  const tags = tagsIn(field);
  if (!tags) throw new PreconditionFailedError();
  return tags.flatMap((tag) => {
    const [, weak, opaque = ''] = ENTITY_TAG.exec(tag) ?? [];
    return weak === undefined && /^\d{1,15}$/.test(opaque) && etagOf(Number(opaque)) === tag
      ? [Number(opaque)]
      : [];
  });
}

function tagsIn(field: string): readonly string[] | undefined {
  return TAG_LIST.test(field) ? (field.match(ENTITY_TAGS) ?? undefined) : undefined;
}
