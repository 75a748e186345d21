/**
 * The request was not sent as HTTP or this API asks for it: a fault of form that no service ever sees.
 * `detail` is safe to send. `headers` go on the answer.
 */
export class ProtocolError extends Error {
  constructor(
    readonly status: 400 | 404 | 405 | 408 | 413 | 415 | 417 | 431,
    readonly code: string,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'ProtocolError';
  }
}
