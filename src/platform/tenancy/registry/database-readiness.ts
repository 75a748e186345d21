import { Inject, Injectable } from '@nestjs/common';
import { Registry } from './registry.js';

/** Whether the database answers. */
@Injectable()
export class DatabaseReadiness {
  readonly name = 'database';

  constructor(@Inject(Registry) private readonly registry: Registry) {}

  async check(): Promise<void> {
    await this.registry.query('SELECT 1');
  }
}
