import type { Answer, Client, Resource } from './client.js';
import { unique } from './world.js';

/** A vendor to be made, that no other test knows. */
export const newVendor = (name = unique('Vendor')) => ({
  name,
  contactEmail: 'office@vendor.example',
  status: 'active',
  tags: [],
});
/** The header with a key, by default a new one. */
export const key = (value = unique('key')) => ({ 'idempotency-key': value });
/** What the answer says of having been given before; null when it was not. */
export const replayed = (answer: Answer) => answer.headers.get('idempotency-replayed');

/** How many have exactly this name. */
export async function countByName(client: Client, path: string, name: string): Promise<number> {
  const { body } = await client.get(`${path}?q=${encodeURIComponent(name)}`);
  return (body as { data: Resource[] }).data.filter((item) => item.name === name).length;
}
