import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './client.js';
import type { TenantWorld } from './world.js';

const PAUSE_MS = 20;

/** Callers who go on making vendors while something happens to their tenant. */
export class SteadyWrites {
  /** Ids of the vendors whose making was acknowledged. */
  readonly made: string[] = [];
  readonly refused: Answer[] = [];
  private isOver = false;
  private readonly callers: Promise<void>[];

  private constructor(
    private readonly tenant: TenantWorld,
    callers: number,
  ) {
    this.callers = Array.from({ length: callers }, (_, index) => this.write(index));
  }

  static begin(tenant: TenantWorld, callers = 3): SteadyWrites {
    return new SteadyWrites(tenant, callers);
  }

  /** The statuses of those that were refused, each once. */
  get refusals(): number[] {
    return [...new Set(this.refused.map(({ status }) => status))].toSorted();
  }

  /** Waits for so many more that are acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.made.length + count;
    while (this.made.length < enough && !this.isOver) await sleep(PAUSE_MS);
  }

  /** Waits until each caller has their last answer; throws what befell one who got none. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
  }

  private async write(caller: number): Promise<void> {
    for (let count = 0; !this.isOver; count++) {
      const name = `Steady ${caller} ${count}`;
      const contactEmail = `steady-${caller}-${count}@ringfence.test`;
      const answer = await this.tenant.admin.post('/v1/vendors', { name, contactEmail });
      if (answer.status === 201) this.made.push((answer.body as { id: string }).id);
      else this.refused.push(answer);
      await sleep(PAUSE_MS);
    }
  }
}
