// Jest loads this file without its own resolver, hence no extension here.
import { startServer, type RunningServer } from './server';

declare global {
  var ringfenceServer: RunningServer | undefined;
}

/** Starts the one server that all test files share, and tells them where it is. */
export default async function startSharedServer(): Promise<void> {
  const server = await startServer();
  globalThis.ringfenceServer = server;
  process.env.RINGFENCE_TEST_URL = server.url;
  process.env.RINGFENCE_TEST_DATA_DIR = server.dataDir;
}
