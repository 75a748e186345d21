import { ApiProperty, PartialType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsString,
  IsUrl,
  Length,
  MaxLength,
} from 'class-validator';
import type { Actor } from '../../kernel/actor.js';
import { pageOf } from '../../platform/http/response/page.dto.js';
import { Fields, readable, seenBy } from '../../platform/http/field-rights.js';
import { IsOneLine, IsPhone, Nullable, Optional } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/route.js';
import { VENDOR_STATUSES, type Vendor, type VendorStatus } from './vendor.entity.js';

/** All that a vendor is described by. */
const DESCRIPTION = [
  'name',
  'legalName',
  'contactEmail',
  'contactPhone',
  'taxId',
  'website',
  'status',
  'tags',
] as const;

@Fields('vendors:create', ['legalName', 'contactPhone', 'taxId', 'website', 'status', 'tags'])
export class CreateVendorDto {
  /** Name by which the tenant knows the vendor */
  @IsOneLine()
  @Length(1, 200)
  name: string;

  /** Registered name of the company */
  @Nullable()
  @IsOneLine()
  @Length(1, 200)
  legalName?: string | null;

  /** Where the vendor is written to */
  @IsEmail()
  @MaxLength(254)
  contactEmail: string;

  /** In international form, as +49 30 901820 */
  @Nullable()
  @IsPhone()
  contactPhone?: string | null;

  /** Tax or VAT number */
  @Nullable()
  @IsOneLine()
  @Length(1, 50)
  taxId?: string | null;

  /** An http or https address */
  @Nullable()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true })
  @MaxLength(2000)
  website?: string | null;

  /** `pending` when left out */
  @Optional()
  @IsIn(VENDOR_STATUSES)
  @ApiProperty({ enum: VENDOR_STATUSES, enumName: 'VendorStatus', required: false })
  status?: VendorStatus;

  /** Words to find the vendor by */
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 50, { each: true })
  tags?: string[];
}

@Fields('vendors:update', DESCRIPTION)
export class UpdateVendorDto extends PartialType(CreateVendorDto, { skipNullProperties: false }) {}

export class VendorQueryDto extends PageQuery {
  /** Only vendors in this state */
  @Optional()
  @IsIn(VENDOR_STATUSES)
  @ApiProperty({ enum: VENDOR_STATUSES, enumName: 'VendorStatus', required: false })
  status?: VendorStatus;

  /** Only vendors whose name contains this, in upper or lower case */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

@Fields('vendors:read', DESCRIPTION)
export class VendorDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  name?: string;
  legalName?: string | null;
  contactEmail?: string;
  contactPhone?: string | null;
  taxId?: string | null;
  website?: string | null;
  @ApiProperty({ enum: VENDOR_STATUSES, enumName: 'VendorStatus', required: false })
  status?: VendorStatus;
  tags?: string[];
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  /** As this reader may see it: personal data is masked, and fields are left out, as the reader's roles say. */
  static from(vendor: Vendor, reader: Actor): VendorDto {
    const seen = seenBy(reader, vendor.id, vendor);
    return readable(reader, 'vendors:read', vendor.id, {
      id: seen.id,
      name: seen.name,
      legalName: seen.legalName,
      contactEmail: seen.contactEmail,
      contactPhone: seen.contactPhone,
      taxId: seen.taxId,
      website: seen.website,
      status: seen.status,
      tags: seen.tags,
      createdAt: seen.createdAt,
      updatedAt: seen.updatedAt,
      version: seen.version,
    });
  }
}

export class VendorPageDto extends pageOf(VendorDto) {}
