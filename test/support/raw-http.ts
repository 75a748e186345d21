import { connect } from 'node:net';

type Piece = string | Uint8Array;

/** The server hangs up on who sends more than it takes; its answer came before. */
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE']);

/** Sends these bytes as they are, and answers all that comes back until the server closes or is silent for that long. */
export function sendRaw(url: string, bytes: Piece | readonly Piece[], waitMs = 5000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      HUNG_UP.has(error.code ?? '') ? resolve(answer) : reject(error),
    );
    socket.on('close', () => resolve(answer));
    const pieces = typeof bytes === 'string' || bytes instanceof Uint8Array ? [bytes] : bytes;
    for (const piece of pieces) socket.write(piece);
  });
}

/** The status of an answer as it came over the wire; 0 when there is none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
