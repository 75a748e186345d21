/** One thing that the service cannot work without. `check` rejects while it is missing. */
export interface ReadinessCheck {
  name: string;
  check(): Promise<void>;
}

/** Token of the list of checks: `{ provide: READINESS_CHECKS, useValue: [...] satisfies ReadinessCheck[] }`. */
export const READINESS_CHECKS = Symbol('READINESS_CHECKS');
