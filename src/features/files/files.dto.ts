import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import type { Actor } from '../../kernel/actor.js';
import { Fields, readable } from '../../platform/http/field-rights.js';
import { pageOf } from '../../platform/http/response/page.dto.js';
import { PageQuery } from '../../platform/http/route.js';
import { SCAN_STATES, type ScanState, type StoredFile } from './file.entity.js';

/** The fields of the form beside the file. */
@ApiSchema({ name: 'FileUploadFields' })
export class FileFieldsDto {
  /** What the file is, in the sender's words */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  label?: string;
}

/** The form as it is documented; the file itself never passes as a field. */
@ApiSchema({ name: 'FileUpload' })
export class FileUploadDto extends FileFieldsDto {
  @ApiProperty({ type: 'string', format: 'binary' })
  file: unknown;
}

export class FileQueryDto extends PageQuery {}

export class FileOwnerDto {
  @ApiProperty({ enum: ['vendor', 'agent'], enumName: 'FileOwnerType' })
  type: 'vendor' | 'agent';

  @ApiProperty({ format: 'uuid' })
  id: string;
}

@Fields('files:read', ['label'])
export class FileDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** As the sender called it, without a path or misleading characters */
  name: string;

  /** What the bytes are */
  mediaType: string;

  /** Bytes */
  @ApiProperty({ type: 'integer' })
  size: number;

  /** SHA-256 of the bytes, in hexadecimal digits */
  sha256: string;

  @ApiProperty({ type: String, nullable: true, required: false })
  label?: string | null;

  owner: FileOwnerDto;

  /** What the virus scanner said; `off` without one. Only the content of `clean` and `off` is given out */
  @ApiProperty({ enum: SCAN_STATES, enumName: 'FileScan' })
  scan: ScanState;

  createdAt: Date;

  /** The ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  /** As this reader may see it. */
  static from(file: StoredFile, reader: Actor): FileDto {
    const { id, name, mediaType, size, sha256, label, scan, createdAt, version } = file;
    const owner: FileOwnerDto =
      file.agentId === null ? { type: 'vendor', id: file.vendorId } : { type: 'agent', id: file.agentId };
    const dto = { id, name, mediaType, size, sha256, label, owner, scan, createdAt, version };
    return readable(reader, 'files:read', file.vendorId, dto);
  }
}

export class FilePageDto extends pageOf(FileDto) {}
