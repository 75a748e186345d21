import { pageOf } from '../../http/response/page.dto.js';
import type { SessionColumns } from './session.entity.js';

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

  static from(session: SessionColumns, currentId: string): SessionDto {
    return {
      id: session.id,
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      expiresAt: session.expiresAt.toISOString(),
      current: session.id === currentId,
    };
  }
}

export class SessionPageDto extends pageOf(SessionDto) {}
