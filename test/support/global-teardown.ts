import './global-setup';
import { tenantTimes } from './tenant-times';

/** Stops the shared server. One that does not end by itself, or ends with an error, makes the run fail. */
export default async function stopSharedServer(): Promise<void> {
  const server = globalThis.ringfenceServer;
  if (!server) return;
  const times = tenantTimes(server.dataDir);
  if (times !== undefined) process.stdout.write(`${times}\n`);
  const code = await server.stop();
  if (code !== 0) throw new Error(`the server ended with ${code}; it wrote:\n${server.output()}`);
}
