import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, IsUUID, Length } from 'class-validator';
import { IsOneLine, Nullable, Optional } from '../../http/fields.js';
import { pageOf } from '../../http/response/page.dto.js';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signing-algorithms.js';
import type { RequestSigningKey } from './signing-key.entity.js';

export class CreateSigningKeyDto {
  /** What the key is for */
  @IsOneLine()
  @Length(1, 200)
  name: string;

  /** By the names of RFC 9421 */
  @IsIn(SIGNING_ALGORITHMS)
  @ApiProperty({ enum: SIGNING_ALGORITHMS, enumName: 'SigningAlgorithm' })
  algorithm: SigningAlgorithm;

  /** SubjectPublicKeyInfo in PEM; not for `hmac-sha256`, of which the secret is made here */
  @Optional()
  @IsString()
  @Length(1, 2000)
  publicKey?: string;

  /** The vendor that owns the key; a vendor's own user may leave it out. Without one the tenant owns it */
  @Nullable()
  @IsUUID()
  vendorId?: string | null;
}

export class SigningKeyDto {
  /** UUIDv7; the `keyid` of signatures */
  @ApiProperty({ format: 'uuid' })
  id: string;
  name: string;
  /** The vendor that owns the key; null: the tenant does */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  vendorId: string | null;
  @ApiProperty({ enum: SIGNING_ALGORITHMS, enumName: 'SigningAlgorithm' })
  algorithm: SigningAlgorithm;
  /** SubjectPublicKeyInfo in PEM; null of `hmac-sha256` */
  @ApiProperty({ type: String, nullable: true })
  publicKey: string | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from(key: RequestSigningKey): SigningKeyDto {
    const { id, name, vendorId, algorithm, publicKey, createdAt, updatedAt, version } = key;
    return { id, name, vendorId, algorithm, publicKey, createdAt, updatedAt, version };
  }
}

export class SigningKeyPageDto extends pageOf(SigningKeyDto) {}

/** A signing key that was just made. */
export class NewSigningKeyDto extends SigningKeyDto {
  /** Of `hmac-sha256`: the secret, in base64. It is shown in this answer alone; null of a public key */
  @ApiProperty({ type: String, nullable: true })
  secret: string | null;

  static with(key: RequestSigningKey, secret: string | null): NewSigningKeyDto {
    return { ...SigningKeyDto.from(key), secret };
  }
}
