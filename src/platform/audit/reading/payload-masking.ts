import type { Actor } from '../../../kernel/actor.js';
import { masked } from '../../../kernel/classification.js';
import { maskNumber } from '../../../kernel/masking.js';
import type { RecordedChanges } from '../../../kernel/security-event.js';
import { isMasked } from '../../http/field-rights.js';
import { markOf } from '../../tenancy/table-marks.js';
import type { AuditEventColumns } from '../log/audit-event.entity.js';
import type { Payload } from '../log/entry.js';

const WITHHELD = '(withheld)';

/** As it was recorded, with the salt that proves it; or masked, and without, since guesses could be tried with it. */
export type ShownPayload = Payload | Omit<Payload, 'salt'>;

/** What a reader may see of the entry's values. */
export type Show = (payload: Payload, event: Pick<AuditEventColumns, 'targetType'>) => ShownPayload;

/**
 * Whole to readers who see all personal values; to others they are masked. Fields that the reader's roles leave out where
 * the thing itself is read are withheld here as well. A log is of the whole tenant, so a right to one's own is none.
 */
export const shownTo =
  (reader: Actor): Show =>
  (payload, { targetType }) => {
    const hidden = reader.exceptFields
      .filter((name) => name.startsWith(`${targetType}s.`) && name.endsWith(':read'))
      .map((name) => name.split(/[.:]/)[1]!);
    const masks = isMasked(reader, null);
    if (!masks && hidden.length === 0) return payload;
    const see = (field: string, value: unknown): unknown =>
      hidden.includes(field) && value !== null
        ? WITHHELD
        : masks
          ? masked(value, markOf(targetType, field))
          : value;
    const { address, userAgent, changes } = payload;
    const seen = (values: RecordedChanges['before']): RecordedChanges['before'] =>
      values &&
      Object.fromEntries(Object.entries(values).map(([field, value]) => [field, see(field, value)]));
    return {
      address: masks ? withoutStart(address) : address,
      userAgent: masks ? withoutStart(userAgent) : userAgent,
      changes: changes && { before: seen(changes.before), after: seen(changes.after) },
    };
  };

const withoutStart = (text: string | null): string | null => (text === null ? null : maskNumber(text));
