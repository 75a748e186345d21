import { InvalidError } from '../../../kernel/errors.js';

const MAX_BYTES = 255;
const MAX_EXTENSION_BYTES = 16;
const PATH_PART = /^.*[/\\]/s;
/** Control characters, line separators, marks that turn the direction of writing, and what only looks like a slash. */
const MISLEADING =
  /[\p{Cc}\p{Zl}\p{Zp}\u{feff}\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{2044}\u{2215}\u{29f8}\u{ff0f}\u{ff3c}]/gu;

/**
 * The name to show for a file that its sender called this: no path, NFC, no misleading characters, 255 bytes of UTF-8
 * at most (the extension is kept). Throws InvalidError when nothing usable is left. It is never used as a path.
 */
export function displayName(original: string): string {
  const name = original.toWellFormed().replace(PATH_PART, '').replace(MISLEADING, '').normalize('NFC').trim();
  if (name === '' || name === '.' || name === '..')
    throw InvalidError.field('/file', 'file_name', 'The file must have a usable name.');
  return shorten(name);
}

/** What follows the last dot, in lower case; empty without one. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const isExtension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION_BYTES;
  const extension = isExtension ? name.slice(dot) : '';
  let stem = '';
  let room = MAX_BYTES - Buffer.byteLength(extension);
  for (const character of isExtension ? name.slice(0, dot) : name) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return (stem + extension).trim();
}
