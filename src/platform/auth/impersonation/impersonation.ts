/** As whom, why, for how long, and whether only to look. */
export interface ImpersonationRequest {
  userId: string;
  reason: string;
  /** At most 60; 60 when left out. */
  minutes?: number;
  /** True when left out. */
  readOnly?: boolean;
}

/** What an operator needs to act as a user. There is nothing to refresh it with. */
export interface ImpersonationGrant {
  accessToken: string;
  sessionId: string;
  expiresAt: Date;
  readOnly: boolean;
}
