import type { Response } from 'express';
import { onceClosed } from '../http/response/once-closed.js';

/** Aborts when the caller is gone before the answer was written. */
export function hangUpSignal(response: Response): AbortSignal {
  const hangUp = new AbortController();
  onceClosed(response, () => {
    if (!response.writableFinished) hangUp.abort();
  });
  return hangUp.signal;
}
