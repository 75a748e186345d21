import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFilesApp, type FilesApp } from './files-app.js';

export interface Caller {
  tenant: string;
  role: string;
  vendorId?: string;
}

export interface FileBody {
  id: string;
  name: string;
  mediaType: string;
  size: number;
  owner: unknown;
}

export const admin: Caller = { tenant: 'acme', role: 'tenant_admin' };
export const foreigner: Caller = { tenant: 'globex', role: 'tenant_admin' };
export const viewer: Caller = { tenant: 'acme', role: 'viewer' };

export function form(
  bytes: Buffer | string,
  name: string,
  type = 'application/octet-stream',
  more: Record<string, string> = {},
): FormData {
  const body = new FormData();
  for (const [key, value] of Object.entries(more)) body.append(key, value);
  body.append('file', new Blob([bytes], { type }), name);
  return body;
}

export async function fileOf(answer: Response): Promise<FileBody> {
  expect(answer.status).toBe(201);
  return (await answer.json()) as FileBody;
}

/** A server with vendors and an agent in `acme`, and how to call it. */
export class FilesClient {
  private constructor(
    readonly server: FilesApp,
    readonly vendorId: string,
    readonly otherVendorId: string,
    /** Of the first vendor. */
    readonly agentId: string,
  ) {}

  static async start(): Promise<FilesClient> {
    const server = await startFilesApp();
    const vendorId = await server.vendor('acme');
    const otherVendorId = await server.vendor('acme');
    return new FilesClient(server, vendorId, otherVendorId, await server.agent('acme', vendorId));
  }

  call(path: string, caller: Caller, init: RequestInit = {}): Promise<Response> {
    const headers = { 'x-caller': JSON.stringify(caller), ...init.headers };
    return fetch(this.server.url + path, { ...init, headers });
  }

  upload(
    body: FormData | string,
    caller = admin,
    path = `/v1/vendors/${this.vendorId}/files`,
    headers = {},
  ): Promise<Response> {
    return this.call(path, caller, { method: 'POST', body, headers });
  }

  /** All that lies in the folder of files, once what was under way has ended. */
  async stored(): Promise<string[]> {
    await sleep(50);
    const entries = await readdir(this.server.filesDir, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }
}
