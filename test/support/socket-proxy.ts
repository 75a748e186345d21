import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideShared, sharedDatabase } from './database.js';

/** A way to the shared database on which the connection that listens for changes can be made to hang. */
export interface SocketProxy {
  env: { DATABASE_URL: string; MASTER_KEY: string };
  /** From now on nothing comes through on connections that listen, old and new; they stay open. */
  silence(): void;
  /** New connections work again. */
  heal(): void;
  close(): void;
}

/** The name by which a server's listening connection introduces itself ends so. */
const LISTENER = '_changes';

export async function openSocketProxy(): Promise<SocketProxy> {
  const { connection } = await sharedDatabase();
  const name = `.s.PGSQL.${connection.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'rf-proxy-'));
  chmodSync(folder, 0o755);
  const all = new Set<Socket>();
  const listening = new Set<[Socket, Socket]>();
  let isSilent = false;
  const hang = ([client, server]: [Socket, Socket]): void => {
    client.unpipe(server).pause();
    server.unpipe(client).pause();
  };
  const proxy = createServer((client) => {
    const server = createConnection(join(connection.host, name));
    for (const socket of [client, server]) {
      all.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.once('data', (first) => {
      server.write(first);
      client.pipe(server);
      server.pipe(client);
      if (!first.includes(LISTENER)) return;
      listening.add([client, server]);
      if (isSilent) hang([client, server]);
    });
  });
  await new Promise<void>((listens) => proxy.listen(join(folder, name), listens));
  const { DATABASE_URL, MASTER_KEY } = await besideShared();
  const url = new URL(DATABASE_URL);
  url.searchParams.set('host', folder);
  return {
    env: { DATABASE_URL: url.href, MASTER_KEY },
    silence() {
      isSilent = true;
      for (const pair of listening) hang(pair);
    },
    heal() {
      isSilent = false;
    },
    close() {
      proxy.close();
      for (const socket of all) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
