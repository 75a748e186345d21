import type { AuditEventColumns, AuditLinkColumns } from '../log/audit-event.entity.js';
import type { Payload } from '../log/entry.js';

/** An entry as its reader may see it. */
export interface ReadEvent {
  event: AuditEventColumns;
  /** Undefined until the entry is chained, within a second or so. */
  link: AuditLinkColumns | undefined;
  /** Null when it cannot be decrypted: somebody changed it. */
  payload: Omit<Payload, 'salt'> | null;
}
