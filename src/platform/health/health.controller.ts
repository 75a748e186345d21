import { Controller, Get, Inject, VERSION_NEUTRAL } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { Public } from '../http/route.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness.js';

/** Shorter than the usual probe's own patience, so that the answer names what hangs. */
const CHECK_TIMEOUT_MS = 2000;

/** Whether the process runs, and whether it can serve; for orchestrators, without credentials. */
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
  ) {}

  /** Says that the process runs */
  @Get('live')
  @Public()
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Says whether everything that requests need is at hand; 503 when not */
  @Get('ready')
  @Public()
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(this.checks.map((check) => () => this.ask(check)));
  }

  /** Why a check fails is for the log of the room that it belongs to; callers learn its name at most. */
  private async ask(check: ReadinessCheck) {
    const indicator = this.indicators.check(check.name);
    const details = await answerInTime(check);
    return details ? indicator.up(details) : indicator.down();
  }
}

async function answerInTime(check: ReadinessCheck): Promise<Readonly<Record<string, number>> | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), CHECK_TIMEOUT_MS);
  });
  const outcome = check.check().catch(() => undefined);
  return Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}
