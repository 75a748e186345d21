import type { Actor } from '../../kernel/actor.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by the authentication guard. */
      actor?: Actor;
      /** To which vendor the thing in the path belongs, null when to none; set by the ownership guard. */
      ownerVendorId?: string | null;
      /** Set first of all, by the request id middleware. */
      requestId: string;
    }
  }
}
