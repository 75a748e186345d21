import { parseIntoClientConfig } from 'pg-connection-string';
import type { PoolConfig } from 'pg';

/** How to connect as the database's owner. */
export type DatabaseConnection = PoolConfig & { database: string };

/** The parts of a `postgres://` URL. Throws an Error that does not repeat the URL, since it holds a password. */
export function connectionFromUrl(url: string): DatabaseConnection {
  const { host, port, user, password, database, ssl } = parseIntoClientConfig(url);
  if (!database || !user) throw new Error('DATABASE_URL: must name the user and the database');
  return { host, port, user, password, database, ssl };
}
