import type { Actor } from '../../kernel/actor.js';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express offers no other way to extend its request
  namespace Express {
    interface Request {
      /** Set by the authentication guard. */
      actor?: Actor;
      /** Set first of all, by the request id middleware. */
      requestId: string;
    }
  }
}
