import { Injectable, Logger } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { ConflictError, ForbiddenError } from '../../kernel/errors.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { FileOwners } from './file-owners.js';
import { FileStorage, type ByteRange } from './file-storage.js';
import type { StoredFile } from './file.entity.js';
import { FilesRepository, type FileOwner } from './files.repository.js';
import { FileScanner } from './scanning/file-scanner.js';
import type { ReceivedFile } from './upload/received-file.js';

/** The documents of vendors and agents: a row in the tenant's schema, and bytes in the file storage under its id. */
@Injectable()
export class FilesService implements OwnerLookup {
  private readonly logger = new Logger(FilesService.name);

  constructor(
    private readonly files: FilesRepository,
    private readonly storage: FileStorage,
    private readonly context: TenantContext,
    private readonly owners: FileOwners,
    private readonly scanner: FileScanner,
  ) {}

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.files.getVisible(id, permission)).vendorId;
  }

  get(id: string): Promise<StoredFile> {
    return this.files.getVisible(id, 'files:read');
  }

  /** A file whose content may be given out. Throws ConflictError while it waits for the scanner, ForbiddenError when it is infected. */
  async getServable(id: string): Promise<StoredFile> {
    const file = await this.get(id);
    if (file.scan === 'pending')
      throw new ConflictError('The file was not scanned for viruses yet; retry later.', 'scan_pending');
    if (file.scan === 'infected')
      throw new ForbiddenError('file_infected', 'The virus scanner found something in this file.');
    return file;
  }

  async listOfVendor(id: string, request: PageRequest): Promise<Page<StoredFile>> {
    return this.files.findPageOf(await this.owners.vendor(id, 'files:read'), request);
  }

  async listOfAgent(id: string, request: PageRequest): Promise<Page<StoredFile>> {
    return this.files.findPageOf(await this.owners.agent(id, 'files:read'), request);
  }

  async attachToVendor(id: string, received: ReceivedFile, label?: string): Promise<StoredFile> {
    return this.attach(await this.owners.vendor(id, 'files:create'), received, label);
  }

  async attachToAgent(id: string, received: ReceivedFile, label?: string): Promise<StoredFile> {
    return this.attach(await this.owners.agent(id, 'files:create'), received, label);
  }

  /** The bytes, or the part of them asked for. Throws NotFoundError when the file was removed meanwhile. */
  async read(file: StoredFile, range?: ByteRange): Promise<Readable> {
    const content = await this.storage.read(this.keyOf(file.id), { range, mayBePlain: !file.sealed });
    if (content) return content;
    await this.get(file.id);
    throw new Error(`the bytes of file ${file.id} are gone`);
  }

  /** Removes the row and then the bytes; should the second fail or never come, the sweeper removes the bytes. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.files.remove(id, 'files:delete', expected);
    try {
      await this.storage.remove(this.keyOf(id));
    } catch (error) {
      this.logger.warn(`The content of file ${id} is left to the sweeper`, error);
    }
  }

  /** Bytes first: a row whose bytes are missing must never be seen. */
  private async attach(owner: FileOwner, received: ReceivedFile, label?: string): Promise<StoredFile> {
    const { name, mediaType, sha256, incoming } = received;
    const { key, size } = incoming;
    const scan = await this.scanner.judge(incoming);
    try {
      await incoming.keep();
      const facts = {
        name,
        mediaType,
        size,
        sha256,
        sealed: true,
        label: label ?? null,
        scan,
      };
      return await this.files.add(key.fileId, { ...owner, ...facts });
    } catch (error) {
      await this.storage.remove(key);
      throw error;
    }
  }

  private keyOf(fileId: string): { tenantId: string; fileId: string } {
    return { tenantId: this.context.binding.tenantId, fileId };
  }
}
