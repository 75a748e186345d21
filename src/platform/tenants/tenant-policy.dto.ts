import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { POLICY_LIMITS, type PolicyDeviations, type TenantPolicy } from '../../kernel/tenant-policy.js';
import { Nullable } from '../http/fields.js';

/** More than any tenant needs, and exact as a number of JavaScript. */
const MAX_COUNT = 1_000_000_000;
const MAX_BYTES = 999_999_999_999_999;

const Limit = (minimum: number, maximum: number, description: string): PropertyDecorator =>
  applyDecorators(
    Nullable(),
    IsInt(),
    Min(minimum),
    Max(maximum),
    ApiProperty({ type: 'integer', minimum, maximum, nullable: true, required: false, description }),
  );
const Count = (description: string): PropertyDecorator =>
  ApiProperty({ type: 'integer', minimum: 0, description });

/** A change of a tenant's own limits; null takes the default again. */
export class TenantPolicyChangeDto {
  @Limit(1, MAX_COUNT, 'Requests under way at once, on each node')
  concurrentRequests?: number | null;

  @Limit(1, MAX_COUNT, 'Requests a minute, on each node')
  requestsPerMinute?: number | null;

  @Limit(0, MAX_BYTES, 'Bytes of all files together')
  storageBytes?: number | null;

  @Limit(1, MAX_COUNT, 'Users')
  users?: number | null;

  @Limit(0, MAX_COUNT, 'Vendors')
  vendors?: number | null;

  @Limit(0, MAX_COUNT, 'Agents')
  agents?: number | null;
}

/** A tenant's own limits; null where it has the default. */
export class TenantOwnPolicyDto {
  @ApiProperty({ type: 'integer', nullable: true })
  concurrentRequests: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  requestsPerMinute: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  storageBytes: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  users: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  vendors: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  agents: number | null;

  static from(own: PolicyDeviations): TenantOwnPolicyDto {
    const { concurrentRequests = null, requestsPerMinute = null, storageBytes = null } = own;
    const { users = null, vendors = null, agents = null } = own;
    return { concurrentRequests, requestsPerMinute, storageBytes, users, vendors, agents };
  }
}

/** The limits in force. */
export class TenantPolicyDto implements TenantPolicy {
  @Count('Requests under way at once, on each node')
  concurrentRequests: number;
  @Count('Requests a minute, on each node')
  requestsPerMinute: number;
  @Count('Bytes of all files together')
  storageBytes: number;
  @Count('Users')
  users: number;
  @Count('Vendors')
  vendors: number;
  @Count('Agents')
  agents: number;
}

export class UsageDto {
  @Count('Requests under way on the node that answers')
  concurrentRequests: number;
  @Count('Requests of the last minute on the node that answers, estimated')
  requestsLastMinute: number;
  @Count('Bytes of all files together')
  storageBytes: number;
  @Count('Users')
  users: number;
  @Count('Vendors')
  vendors: number;
  @Count('Agents')
  agents: number;
}

export class TenantUsageDto {
  /** The limits in force */
  policy: TenantPolicyDto;
  /** What is used of them */
  usage: UsageDto;
}

/** The tenant's own limits after the change: only those that differ from the defaults are kept. */
export function changedPolicy(own: PolicyDeviations, change: TenantPolicyChangeDto): PolicyDeviations {
  const merged = { ...own, ...change };
  return Object.fromEntries(
    POLICY_LIMITS.flatMap((limit) => {
      const value = merged[limit];
      return typeof value === 'number' ? [[limit, value]] : [];
    }),
  );
}
