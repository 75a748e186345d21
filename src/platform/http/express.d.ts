import type { Actor } from '../../kernel/actor.js';
import type { BodyDigest } from './request/body-digest.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by the authentication guard. */
      actor?: Actor;
      /** To which vendor the thing in the path belongs, null when to none; set by the ownership guard. */
      ownerVendorId?: string | null;
      /** The octets of a body that is no upload, as they came. */
      rawBody?: Buffer;
      /** The fields of a form, for the route that takes one. */
      formBody?: Record<string, unknown>;
      /** Whether a body follows that the route itself will read. */
      isBodyUnread?: boolean;
      /** What a signature promises of an unread body: whoever reads it must hold it against that. */
      bodyDigest?: BodyDigest;
      /** Set first of all, by the request id middleware. */
      requestId: string;
    }
  }
}
