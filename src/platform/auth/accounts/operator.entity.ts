import { Entity } from 'typeorm';
import { AccountColumns } from './account.entity.js';

/** Runs the installation; belongs to no tenant. */
@Entity({ schema: 'platform', name: 'operator' })
export class Operator extends AccountColumns {
  readonly kind = 'operator';
  readonly roles: readonly string[] = ['operator'];
  readonly vendorId = null;
}
