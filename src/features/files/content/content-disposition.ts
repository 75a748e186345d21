const NOT_QUOTABLE = /[^ !#$&-[\]-~]/gu;
const NOT_LEFT_PLAIN = /['()*]/g;

/**
 * `attachment` with the name in both spellings of RFC 6266: reduced to plain ASCII for old clients, and in full
 * (RFC 8187). Holds visible ASCII only, whatever the name.
 */
export function attachmentNamed(name: string): string {
  const plain = name.replace(NOT_QUOTABLE, '_');
  const full = encodeURIComponent(name.toWellFormed()).replace(
    NOT_LEFT_PLAIN,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}
