import { ApiProperty } from '@nestjs/swagger';
import type { Impersonation } from '../../../kernel/actor.js';
import { pageOf } from '../../http/response/page.dto.js';
import { deviceName } from './device-name.js';
import type { SessionColumns } from './session.entity.js';

export class SessionImpersonationDto {
  /** UUID of the operator */
  operatorId: string;

  /** Why */
  reason: string;

  /** Whether they may only look */
  readOnly: boolean;
}

export class SessionDto {
  /** UUID of the session */
  id: string;

  /** When the caller signed in */
  createdAt: string;

  /** When the session began or was last refreshed */
  lastUsedAt: string;

  /** When the session ends at the latest */
  expiresAt: string;

  /** Whether it is the session of this very request */
  current: boolean;

  /**
   * Program and machine, as the client names itself; null when it does not
   * @example Firefox 128 on Windows
   */
  @ApiProperty({ type: String, nullable: true })
  device: string | null;

  /** What the client called itself when it was last seen signing in or refreshing, shortened */
  @ApiProperty({ type: String, nullable: true })
  userAgent: string | null;

  /** The client's address then */
  @ApiProperty({ type: String, nullable: true })
  address: string | null;

  /** With what the caller proved themselves (RFC 8176) */
  @ApiProperty({ type: [String], example: ['pwd', 'otp'] })
  methods: string[];

  /** The operator who began the session to act as you; null for your own */
  @ApiProperty({ type: SessionImpersonationDto, nullable: true })
  impersonation: SessionImpersonationDto | null;

  static from(session: SessionColumns, currentId: string): SessionDto {
    const { id, userAgent, address, methods, impersonation } = session;
    return {
      id,
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      expiresAt: session.expiresAt.toISOString(),
      current: id === currentId,
      device: deviceName(userAgent),
      userAgent,
      address,
      methods,
      impersonation: impersonation && shown(impersonation),
    };
  }
}

const shown = ({ operatorId, reason, readOnly }: Impersonation): SessionImpersonationDto => ({
  operatorId,
  reason,
  readOnly,
});

export class SessionPageDto extends pageOf(SessionDto) {}
