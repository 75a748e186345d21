import { AsyncLocalStorage } from 'node:async_hooks';
import { EntityManager, type QueryRunner } from 'typeorm';

interface OpenTransaction {
  manager: EntityManager;
  afterwards: (() => Promise<void>)[];
}

type Work<T> = (manager: EntityManager) => Promise<T>;
type IsolationLevel = Parameters<QueryRunner['startTransaction']>[0] & string;

const open = new AsyncLocalStorage<OpenTransaction | undefined>();

/** A manager whose transactions can be found from within by those whom nobody handed the manager. */
export class RegistryManager extends EntityManager {
  override transaction<T>(work: Work<T>): Promise<T>;
  override transaction<T>(isolation: IsolationLevel, work: Work<T>): Promise<T>;
  override async transaction<T>(first: Work<T> | IsolationLevel, second?: Work<T>): Promise<T> {
    const afterwards: (() => Promise<void>)[] = [];
    const within =
      (work: Work<T>): Work<T> =>
      (manager) =>
        open.run({ manager, afterwards }, () => work(manager));
    try {
      if (typeof first === 'function') return await super.transaction(within(first));
      return await super.transaction(first, within(second!));
    } finally {
      for (const next of afterwards) await next();
    }
  }
}

/** The manager of the registry's transaction under way; undefined when there is none. */
export const registryTransaction = (): EntityManager | undefined => open.getStore()?.manager;

/** Runs work outside the registry's transaction under way, once that has ended in whatever way; at once when there is none. */
export async function afterRegistryTransaction(work: () => Promise<void>): Promise<void> {
  const transaction = open.getStore();
  if (!transaction) return work();
  transaction.afterwards.push(() => open.run(undefined, work));
}
