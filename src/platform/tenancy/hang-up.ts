import type { Response } from 'express';

/** Aborts when the caller is gone before the answer was written. */
export function hangUpSignal(response: Response): AbortSignal {
  const hangUp = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) hangUp.abort();
  });
  return hangUp.signal;
}
