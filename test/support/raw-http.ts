import { connect } from 'node:net';

/** Sends these bytes as they are, and answers all that comes back until the server closes. */
export function sendRaw(url: string, text: string | readonly string[], waitMs = 5000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(answer) : reject(error),
    );
    socket.on('close', () => resolve(answer));
    for (const part of typeof text === 'string' ? [text] : text) socket.write(part);
  });
}
