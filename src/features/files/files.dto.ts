import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import type { Page, PageRequest } from '../../kernel/page.js';
import { PageQuery } from '../../platform/http/route.js';
import type { StoredFile } from './file.entity.js';

const DEFAULT_LIMIT = 20;

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

export class FileQueryDto extends PageQuery {
  static toPageRequest({ limit, cursor, sort }: FileQueryDto): PageRequest {
    return {
      limit: limit ?? DEFAULT_LIMIT,
      sort: sort ?? '-createdAt',
      ...(cursor !== undefined && { cursor }),
    };
  }
}

export class FileOwnerDto {
  @ApiProperty({ enum: ['vendor', 'agent'], enumName: 'FileOwnerType' })
  type: 'vendor' | 'agent';

  @ApiProperty({ format: 'uuid' })
  id: string;
}

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

  @ApiProperty({ type: String, nullable: true })
  label: string | null;

  owner: FileOwnerDto;

  /** Whether a virus scanner has looked at it */
  @ApiProperty({ enum: ['clean', 'pending', 'off'], enumName: 'FileScan' })
  scan: 'clean' | 'pending' | 'off';

  createdAt: Date;

  static from({ id, name, mediaType, size, sha256, label, scan, ...file }: StoredFile): FileDto {
    const owner: FileOwnerDto =
      file.agentId === null ? { type: 'vendor', id: file.vendorId } : { type: 'agent', id: file.agentId };
    return { id, name, mediaType, size, sha256, label, owner, scan, createdAt: file.createdAt };
  }
}

export class FilePageInfoDto {
  /** `cursor` of the next page; null on the last */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;

  @ApiProperty({ type: 'integer' })
  limit: number;
}

export class FilePageDto {
  data: FileDto[];

  page: FilePageInfoDto;

  static from({ data, nextCursor, limit }: Page<StoredFile>): FilePageDto {
    return { data: data.map((file) => FileDto.from(file)), page: { nextCursor, limit } };
  }
}
