import { InvalidError, type FieldFault } from '../../kernel/errors.js';
import { parseException, parseGrant, type WrittenRights } from '../../kernel/grants.js';
import { PERMISSION_FACTS } from '../../kernel/permission-catalogue.js';
import { fieldsOf } from '../http/field-rights.js';

/**
 * Each permission is a tenant's, in a scope that it has; each field is one of a permission in the list. Throws
 * InvalidError.
 */
export function assertInCatalogue({ permissions, exceptFields }: WrittenRights): void {
  const held = permissions.map(parseGrant);
  const faults: FieldFault[] = held.flatMap((grant, index) => {
    const facts = grant && PERMISSION_FACTS[grant.permission];
    if (facts?.realm === 'tenant' && facts.scopes.includes(grant!.scope)) return [];
    const detail = 'There is no such permission in the catalogue, or not in this scope.';
    return [{ pointer: `/permissions/${index}`, code: 'unknown', detail }];
  });
  exceptFields.forEach((text, index) => {
    const { resource, field, action } = parseException(text) ?? {};
    const isKnown = held.some((grant) => {
      const [ofResource, ofAction] = grant?.permission.split(':') ?? [];
      const isMeant = ofResource === resource && (action === undefined || action === ofAction);
      return isMeant && grant && field !== undefined && fieldsOf(grant.permission).includes(field);
    });
    const detail = 'None of the permissions has such a field.';
    if (!isKnown) faults.push({ pointer: `/exceptFields/${index}`, code: 'unknown', detail });
  });
  if (faults.length > 0) throw new InvalidError(faults);
}
