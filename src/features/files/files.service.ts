import { Injectable, Logger } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { Page, PageRequest } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import { TenantContext } from '../../platform/tenancy/tenant-context.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { AgentsService } from '../agents/agents.service.js';
import { VendorsService } from '../vendors/vendors.service.js';
import { FileStorage, type ByteRange } from './file-storage.js';
import type { StoredFile } from './file.entity.js';
import { FilesRepository, type FileOwner } from './files.repository.js';
import type { ReceivedFile } from './upload/received-file.js';

/** The documents of vendors and agents: a row in the tenant's schema, and bytes in the file storage under its id. */
@Injectable()
export class FilesService implements OwnerLookup {
  private readonly logger = new Logger(FilesService.name);

  constructor(
    private readonly files: FilesRepository,
    private readonly storage: FileStorage,
    private readonly context: TenantContext,
    private readonly vendors: VendorsService,
    private readonly agents: AgentsService,
  ) {}

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.files.getVisible(id, permission)).vendorId;
  }

  get(id: string): Promise<StoredFile> {
    return this.files.getVisible(id, 'files:read');
  }

  async listOfVendor(id: string, request: PageRequest): Promise<Page<StoredFile>> {
    return this.files.findPageOf(await this.vendorAsOwner(id, 'files:read'), request);
  }

  async listOfAgent(id: string, request: PageRequest): Promise<Page<StoredFile>> {
    return this.files.findPageOf(await this.agentAsOwner(id, 'files:read'), request);
  }

  async attachToVendor(id: string, received: ReceivedFile, label?: string): Promise<StoredFile> {
    return this.attach(await this.vendorAsOwner(id, 'files:create'), received, label);
  }

  async attachToAgent(id: string, received: ReceivedFile, label?: string): Promise<StoredFile> {
    return this.attach(await this.agentAsOwner(id, 'files:create'), received, label);
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
    try {
      await incoming.keep();
      const facts = {
        name,
        mediaType,
        size,
        sha256,
        sealed: true,
        label: label ?? null,
        scan: 'off' as const,
      };
      return await this.files.add(key.fileId, { ...owner, ...facts });
    } catch (error) {
      await this.storage.remove(key);
      throw error;
    }
  }

  private async vendorAsOwner(id: string, permission: Permission): Promise<FileOwner> {
    const vendor = await this.vendors.getVisible(id, permission);
    return { vendorId: vendor.id, agentId: null };
  }

  private async agentAsOwner(id: string, permission: Permission): Promise<FileOwner> {
    const agent = await this.agents.getVisible(id, permission);
    return { vendorId: agent.vendorId, agentId: agent.id };
  }

  private keyOf(fileId: string): { tenantId: string; fileId: string } {
    return { tenantId: this.context.binding.tenantId, fileId };
  }
}
