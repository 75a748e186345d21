/** Upper and lower case, full and half width, composed and decomposed are one. */
export const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Rows and, going down, columns of a US keyboard. */
const WALKS = [
  '`1234567890-=',
  'qwertyuiop[]',
  "asdfghjkl;'",
  'zxcvbnm,./',
  '1qaz',
  '2wsx',
  '3edc',
  '4rfv',
  '5tgb',
  '6yhn',
  '7ujm',
  '8ik,',
  '9ol.',
  '0p;/',
];
/** Two neighbours happen in every word; three in a row are a run. */
const SHORTEST_RUN = 3;
/** Shorter ones stand in any sentence by chance. */
const SHORTEST_WORD = 3;
const SHORTEST_UNIT = 5;

/** The text of which the whole password is repetitions: `abab` gives `ab`; undefined when it is none. */
export function repeatedUnit(password: string): string | undefined {
  const text = fold(password);
  for (let length = 1; length <= text.length / 2; length++) {
    const unit = text.slice(0, length);
    // The last repetition may be cut short.
    if (unit.repeat(Math.ceil(text.length / length)).startsWith(text)) return unit;
  }
  return undefined;
}

/** Whether the whole password is made of few characters again and again, of rows of the keyboard or of the alphabet. */
export function isSimple(password: string): boolean {
  const unit = repeatedUnit(password);
  if (unit !== undefined && unit.length < SHORTEST_UNIT) return true;
  return isMadeOfRuns(Array.from(fold(password)));
}

/** Whether the whole password is nothing but these words, in any order, with whatever marks between them. */
export function isMadeOf(words: readonly string[], password: string): boolean {
  const text = lettersOf(password);
  if (text === '') return false;
  const parts = [...new Set(words.flatMap(partsOf))].filter((part) => part.length >= SHORTEST_WORD);
  const reachable = new Set([0]);
  for (let end = 1; end <= text.length; end++) {
    const fits = (part: string): boolean =>
      text.endsWith(part, end) && reachable.has(end - part.length) && part.length <= end;
    if (parts.some(fits)) reachable.add(end);
  }
  return reachable.has(text.length);
}

const lettersOf = (text: string): string => fold(text).replace(/[^\p{L}\p{N}]/gu, '');

/** `ada.lovelace@acme.example`: all of it together, and each of its words. */
const partsOf = (word: string): string[] =>
  [lettersOf(word), ...fold(word).split(/[^\p{L}\p{N}]+/u)].filter((part) => part !== '');

function isMadeOfRuns(characters: readonly string[]): boolean {
  let run = 1;
  for (let index = 1; index < characters.length; index++) {
    if (isStep(characters[index - 1]!, characters[index]!)) run++;
    else if (run < SHORTEST_RUN) return false;
    else run = 1;
  }
  return run >= SHORTEST_RUN;
}

/** Whether the second follows the first: the same again, one further in the alphabet, or its neighbour on the keyboard. */
function isStep(one: string, next: string): boolean {
  const distance = Math.abs(one.codePointAt(0)! - next.codePointAt(0)!);
  if (distance === 0) return true;
  if (distance === 1 && /^[\p{L}\p{N}]{2}$/u.test(one + next)) return true;
  return WALKS.some((walk) => {
    const [from, to] = [walk.indexOf(one), walk.indexOf(next)];
    return from >= 0 && to >= 0 && Math.abs(from - to) === 1;
  });
}
