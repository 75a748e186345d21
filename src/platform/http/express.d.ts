import type { Actor } from '../../kernel/actor.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by the authentication guard. */
      actor?: Actor;
      /** Set first of all, by the request id middleware. */
      requestId: string;
    }
  }
}
