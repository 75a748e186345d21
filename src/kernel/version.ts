import { PreconditionFailedError } from './errors.js';

/** The versions that the caller says the resource may be in; undefined: any. */
export type ExpectedVersions = readonly number[] | undefined;

/** Throws PreconditionFailedError unless the resource is in a version that the caller expects. */
export function assertVersion(expected: ExpectedVersions, actual: number): void {
  if (expected !== undefined && !expected.includes(actual)) throw new PreconditionFailedError();
}
