import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  text: string;
}

/** Sends these bytes over a socket of its own, and gives what came back until the answer was there or the server hung up. */
export function sendRaw(
  port: number,
  pieces: readonly (Buffer | string)[],
  hangUpAfterMs?: number,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = () => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    const timer = setTimeout(finish, hangUpAfterMs ?? 8000);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (!/^HTTP\/1\.1 100/.test(text) && text.includes('\r\n\r\n')) {
        clearTimeout(timer);
        setTimeout(finish, 20);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', finish);
    for (const piece of pieces) socket.write(piece);
  });
}
