import type { Actor } from '../../../kernel/actor.js';
import { maskField } from '../../../kernel/masking.js';
import type { RecordedChanges } from '../../../kernel/security-event.js';
import type { Payload } from '../log/entry.js';

/** Whether the reader sees personal values as they are. */
export const seesPersonalData = (reader: Actor): boolean =>
  reader.scopeOf('personal_data:read') !== undefined;

/** What a reader without that right may see; without the salt, since guesses could be tried with it. */
export function masked({ address, userAgent, changes }: Payload): Omit<Payload, 'salt'> {
  return {
    address: maskField('address', address) as string | null,
    userAgent: maskField('userAgent', userAgent) as string | null,
    changes: changes && { before: maskedValues(changes.before), after: maskedValues(changes.after) },
  };
}

const maskedValues = (values: RecordedChanges['before']): RecordedChanges['before'] =>
  values &&
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, maskField(field, value)]));
