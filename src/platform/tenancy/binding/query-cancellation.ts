import { Connection, type PoolClient, type PoolConfig } from 'pg';

const GIVE_UP_AFTER_MS = 2000;

/** What node-pg knows of a connection but does not declare: the key by which its running statement can be cancelled. */
interface Keyed {
  host: string;
  port: number;
  processID: number | null;
  secretKey: number | null;
}

/** node-pg's connection, likewise. */
interface Canceller {
  stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  cancel(processId: number, secretKey: number): void;
  once(event: string, listener: () => void): void;
  on(event: 'error', listener: () => void): void;
}

/**
 * Asks PostgreSQL, over a second short connection, to cancel what runs on this very connection: the key is its own, so
 * it can hit no other, as long as the connection serves nobody else. Resolves when the server has taken the request,
 * or could not be reached.
 */
export function cancelQuery(client: PoolClient, { ssl }: PoolConfig): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as Keyed;
  if (processID === null || secretKey === null) return Promise.resolve();
  return new Promise((done) => {
    const canceller = new Connection({ ssl }) as unknown as Canceller;
    const timer = setTimeout(() => canceller.stream.destroy(), GIVE_UP_AFTER_MS);
    canceller.on('error', () => canceller.stream.destroy());
    canceller.once('end', () => {
      clearTimeout(timer);
      done();
    });
    canceller.once(ssl ? 'sslconnect' : 'connect', () => canceller.cancel(processID, secretKey));
    if (host.startsWith('/')) canceller.connect(`${host}/.s.PGSQL.${port}`);
    else canceller.connect(port, host);
  });
}
