import type { ServerResponse } from 'node:http';

const waiting = new WeakMap<ServerResponse, (() => void)[]>();

/**
 * Calls back once, when the response has been sent or its connection is gone; never for one that has closed before. All
 * who wait share one listener: a pipe into the response adds seven of Node's own, and Node warns of more than ten.
 */
export function onceClosed(response: ServerResponse, callback: () => void): void {
  const known = waiting.get(response);
  if (known) {
    known.push(callback);
    return;
  }
  const callbacks = [callback];
  waiting.set(response, callbacks);
  response.once('close', () => {
    for (const call of callbacks) call();
  });
}
