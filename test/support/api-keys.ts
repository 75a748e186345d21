import { Client, type Resource } from './client.js';
import { unique } from './world.js';

/** A key as it is answered where it is made. */
export type MadeKey = Resource & { secret: string; vendorId: string | null; expiresAt: string };

/** A key that the caller makes. */
export const makeKey = (
  maker: Client,
  permissions: readonly string[],
  more: Record<string, unknown> = {},
): Promise<MadeKey> => maker.create<MadeKey>('/v1/api-keys', { name: unique('Key'), permissions, ...more });

/** A program that calls with a new key. */
export const programOf = async (...args: Parameters<typeof makeKey>): Promise<Client> =>
  Client.with((await makeKey(...args)).secret);

/** A time so many days from now. */
export const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
