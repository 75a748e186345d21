/** One thing that the service cannot work without. `check` rejects while it is missing; what it answers is shown. */
export interface ReadinessCheck {
  name: string;
  check(): Promise<Readonly<Record<string, number>>>;
}

/** Token of the list of checks: `{ provide: READINESS_CHECKS, useValue: [...] satisfies ReadinessCheck[] }`. */
export const READINESS_CHECKS = Symbol('READINESS_CHECKS');
