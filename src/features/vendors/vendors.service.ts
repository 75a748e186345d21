import { Injectable } from '@nestjs/common';
import type { Page } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import { pageRequest } from '../../platform/http/page-request.js';
import type { OwnerLookup } from '../../platform/http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import type { Vendor } from './vendor.entity.js';
import type { CreateVendorDto, UpdateVendorDto, VendorQueryDto } from './vendors.dto.js';
import { VendorsRepository } from './vendors.repository.js';

/** The rules of vendors. Every method serves the caller bound to the request, and only what that caller may see. */
@Injectable()
export class VendorsService implements OwnerLookup {
  constructor(private readonly vendors: VendorsRepository) {}

  list(query: VendorQueryDto): Promise<Page<Vendor>> {
    return this.vendors.list(pageRequest(query), query);
  }

  getVisible(id: string, permission: Permission = 'vendors:read'): Promise<Vendor> {
    return this.vendors.getVisible(id, permission);
  }

  create(dto: CreateVendorDto): Promise<Vendor> {
    return this.vendors.insert({ ...dto, status: dto.status ?? 'pending', tags: dto.tags ?? [] });
  }

  update(id: string, dto: UpdateVendorDto, expected: ExpectedVersions): Promise<Vendor> {
    return this.vendors.change(id, 'vendors:update', expected, (vendor) => void Object.assign(vendor, dto));
  }

  /** Removes the vendor with its agents and files; its users stay, without a vendor, and so see nothing. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.vendors.remove(id, 'vendors:delete', expected);
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.vendors.getVisible(id, permission)).id;
  }
}
