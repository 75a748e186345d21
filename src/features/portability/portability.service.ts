import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ConflictError } from '../../kernel/errors.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import { bindingOf } from '../../platform/tenancy/registry/tenant-directory.js';
import { TenantLifecycle, type NewTenant } from '../../platform/tenancy/registry/tenant-lifecycle.js';
import { TenantRestoration } from '../../platform/tenancy/registry/tenant-restoration.js';
import { TenantTables } from '../../platform/tenancy/tenant-tables.js';
import type { Tenant } from '../../platform/tenancy/registry/tenant.entity.js';
import { FileStorage } from '../files/file-storage.js';
import { ArchiveError } from './archive.error.js';
import { ArchiveLoader } from './archive-loader.js';
import { ArchiveReader } from './archive-reader.js';
import { writeArchive } from './archive-writer.js';
import { newManifest, type Manifest } from './manifest.js';
import { UNSEEN, type Progress } from './progress.js';
import { SpoolFolder } from './spool-folder.js';
import { TenantSnapshot } from './tenant-snapshot.js';

/** An export that is ready to be sent: it can be written once, and must be disposed of. */
export interface PreparedExport {
  manifest: Manifest;
  writeTo(target: Writable, progress?: Progress): Promise<void>;
  dispose(): Promise<void>;
}

/** Moves whole tenants: out into an archive, and from an archive into a new tenant or in place of a tenant's own data. */
@Injectable()
export class PortabilityService {
  constructor(
    @Inject(TenantContext) private readonly context: TenantContext,
    @Inject(TenantLifecycle) private readonly lifecycle: TenantLifecycle,
    @Inject(TenantRestoration) private readonly restoration: TenantRestoration,
    private readonly storage: FileStorage,
    @Inject(TenantTables) private readonly rows: TenantTables,
    private readonly loader: ArchiveLoader,
    private readonly spool: SpoolFolder,
  ) {}

  /** Takes one moment of the tenant. Throws ConflictError unless it is active or suspended. */
  async prepare(tenant: Tenant, signal: AbortSignal = new AbortController().signal): Promise<PreparedExport> {
    if (tenant.status !== 'active' && tenant.status !== 'suspended')
      throw new ConflictError(`The tenant is ${tenant.status}.`);
    const snapshot = await this.context.run(bindingOf(tenant), () =>
      TenantSnapshot.take(tenant.id, this.spool, this.rows, this.storage, signal),
    );
    const { id, slug, name, schemaVersion } = tenant;
    const { tables, files } = snapshot;
    const manifest = newManifest({ tenant: { id, slug, name }, schemaVersion, tables, files });
    return {
      manifest,
      writeTo: (target, progress = UNSEEN) => {
        progress.total(bytesOf(manifest));
        return writeArchive(snapshot, manifest, target, progress.advance);
      },
      dispose: () => snapshot.dispose(),
    };
  }

  /** Writes the tenant's export to a new file, for the owner's eyes alone. A file that exists is refused. */
  async exportTo(tenant: Tenant, path: string, progress?: Progress): Promise<Manifest> {
    const prepared = await this.prepare(tenant);
    try {
      const target = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
      try {
        await prepared.writeTo(target, progress);
      } catch (error) {
        const { syscall, code } = error as NodeJS.ErrnoException;
        if (syscall === 'open')
          throw new ConflictError(
            code === 'EEXIST' ? `There is a file ${path} already.` : `${path} cannot be written: ${code}`,
          );
        await rm(path, { force: true });
        throw error;
      }
      return prepared.manifest;
    } finally {
      await prepared.dispose();
    }
  }

  /** Makes a new tenant of an export. Any fault leaves no tenant. Throws ArchiveError, or ConflictError for the slug. */
  async importFrom(
    path: string,
    facts: Partial<NewTenant> & { slug: string },
    progress: Progress = UNSEEN,
  ): Promise<Tenant> {
    return this.withArchive(path, progress, async (archive) => {
      const name = facts.name ?? archive.manifest.tenant.name;
      const { tenant } = await this.lifecycle.create({ ...facts, name }, () =>
        this.loader.load(archive, progress.advance),
      );
      return tenant;
    });
  }

  /** Makes a new tenant that has all that the other has at this moment. */
  async clone(
    source: Tenant,
    facts: Partial<NewTenant> & { slug: string },
    progress?: Progress,
  ): Promise<Tenant> {
    const path = await this.spool.place(`${randomUUID()}.zip`);
    try {
      await this.exportTo(source, path);
      return await this.importFrom(path, facts, progress);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Puts an earlier export of this very tenant in the place of all its data. Its users have to sign in anew. */
  async restore(tenant: Tenant, path: string, progress: Progress = UNSEEN): Promise<void> {
    await this.withArchive(path, progress, async (archive) => {
      const { id, slug } = archive.manifest.tenant;
      if (id !== tenant.id)
        throw new ArchiveError(`this is an export of another tenant, "${slug}"; import it instead`);
      await this.restoration.replace(tenant, () => this.loader.load(archive, progress.advance));
      await this.context.run(bindingOf(tenant), () => this.loader.mend(archive));
    });
  }

  private async withArchive<T>(
    path: string,
    progress: Progress,
    work: (archive: ArchiveReader) => Promise<T>,
  ): Promise<T> {
    const archive = await ArchiveReader.open(path);
    try {
      const { schemaVersion } = archive.manifest;
      const ours = this.lifecycle.latestSchemaVersion;
      if (schemaVersion !== ours)
        throw new ArchiveError(`the export has schema version ${schemaVersion}, this installation ${ours}`);
      progress.total(bytesOf(archive.manifest));
      return await work(archive);
    } finally {
      archive.close();
    }
  }
}

const bytesOf = ({ tables, files }: Manifest): number =>
  [...tables, ...files].reduce((sum, { bytes }) => sum + bytes, 0);
