import { maskEmail, maskNumber } from './masking.js';

/**
 * What stays readable of a masked value. `email`: the first letter and the domain; `number`: the last two characters;
 * `shown`: all of it, since it is what readers find the row by.
 */
export type MaskForm = 'email' | 'number' | 'shown';

/**
 * What a stored column tells. From it follow masking in answers and in the audit log, what no log line may hold, and
 * `docs/data-classification.md`.
 */
export type Mark =
  | { kind: 'internal' }
  /** Tells of a person (GDPR, 4 (1)). */
  | { kind: 'personal'; form: MaskForm }
  /** A business secret of the tenant or of a vendor. */
  | { kind: 'confidential'; form: MaskForm }
  /** Lets somebody in, or proves something: is never answered, told or logged, masked or not. */
  | { kind: 'secret' };

type Marks = ReadonlyMap<string, Mark>;

/** By the class that declares the column. */
const declared = new Map<object, Map<string, Mark>>();

const mark =
  (value: Mark) =>
  (prototype: object, field: string | symbol): void => {
    const marks = declared.get(prototype) ?? new Map<string, Mark>();
    marks.set(String(field), value);
    declared.set(prototype, marks);
  };

/** Neither personal nor confidential: states, machine names, digests under a key. */
export const Internal = () => mark({ kind: 'internal' });
export const Personal = (form: MaskForm) => mark({ kind: 'personal', form });
export const Confidential = (form: MaskForm) => mark({ kind: 'confidential', form });
export const Secret = () => mark({ kind: 'secret' });

const inherited = new Map<object, Marks>();

/** The marks of an entity's columns by the names of its properties, those of the classes that it extends included. */
export function marksOf(entity: { prototype: object }): Marks {
  let marks = inherited.get(entity.prototype);
  if (!marks) {
    const lineage: object[] = [];
    for (
      let prototype: object | null = entity.prototype;
      prototype;
      prototype = Object.getPrototypeOf(prototype) as object | null
    )
      lineage.unshift(prototype);
    marks = new Map(lineage.flatMap((prototype) => [...(declared.get(prototype) ?? [])]));
    inherited.set(entity.prototype, marks);
  }
  return marks;
}

const KINDS = ['internal', 'personal', 'confidential', 'secret'] as const;

/** The strictest mark that a column of this name has in any entity; undefined when none has it. */
export function strictestMark(field: string): Mark | undefined {
  const marks = [...declared.values()].flatMap((columns) => columns.get(field) ?? []);
  return marks.sort((one, other) => KINDS.indexOf(other.kind) - KINDS.indexOf(one.kind))[0];
}

/** Names of the columns whose values no line of a log may hold. */
export const namesNotLogged = (): ReadonlySet<string> =>
  new Set(
    [...declared.values()].flatMap((columns) =>
      [...columns].filter(([, { kind }]) => kind !== 'internal').map(([field]) => field),
    ),
  );

/** The value as a reader sees it who may not see personal values. Only texts have a form to be masked in. */
export function masked<T>(value: T, known: Mark | undefined): T | string {
  if (typeof value !== 'string' || !known || !('form' in known)) return value;
  if (known.form === 'email') return maskEmail(value);
  return known.form === 'number' ? maskNumber(value) : value;
}

/** A row of the entity, each of its texts masked as its column is marked. */
export function maskedRow<T extends object>(row: T): T {
  const marks = marksOf(row.constructor);
  const copy = Object.create(Object.getPrototypeOf(row) as object) as T;
  for (const [field, value] of Object.entries(row) as [string, unknown][])
    Object.assign(copy, { [field]: masked(value, marks.get(field)) });
  return copy;
}
