import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a scanner found; `refused` is what it would not look at, as too large a content: nobody knows what is in it. */
export type Verdict =
  { state: 'clean' } | { state: 'infected'; signature: string } | { state: 'refused'; reason: string };

/** The scanner does not answer, or not in time. */
export class ScannerAwayError extends Error {
  constructor(options?: ErrorOptions) {
    super('the virus scanner does not answer', options);
    this.name = 'ScannerAwayError';
  }
}

const SILENCE_TIMEOUT_MS = 60_000;
const MAX_REPLY_BYTES = 4096;

/** ClamAV's daemon, over its socket: the command INSTREAM of clamd(8). Nothing is written to its disk by us. */
export class Clamd {
  private readonly address: { host: string; port: number } | { path: string };

  /** `tcp://host:port`, or `unix:/path`. */
  constructor(url: string) {
    const { protocol, hostname, port, pathname } = new URL(url);
    this.address =
      protocol === 'unix:'
        ? { path: pathname }
        : { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  }

  /** Sends all of the content and reads the verdict. Throws ScannerAwayError, and what reading the content throws. */
  async scan(content: AsyncIterable<Buffer>): Promise<Verdict> {
    try {
      return verdictOf(await this.ask((socket) => this.send(socket, content)));
    } catch (error) {
      // It hangs up on who sends more than it takes; what it said before is lost when that is noticed by a write.
      if (isReset(error) && (await this.isThere())) return { state: 'refused', reason: 'it hung up' };
      throw error;
    }
  }

  private async isThere(): Promise<boolean> {
    try {
      return (await this.ask((socket) => write(socket, Buffer.from('zPING\0')))) === 'PONG';
    } catch {
      return false;
    }
  }

  /** Sends, and answers the reply, which may come before the end. */
  private async ask(send: (socket: Socket) => Promise<void>): Promise<string> {
    const socket = connect(this.address);
    socket.setTimeout(SILENCE_TIMEOUT_MS, () => socket.destroy(new Error('silent for too long')));
    const reply = replyOf(socket);
    try {
      const answered = await Promise.race([send(socket).then(() => undefined), reply]);
      return answered ?? (await reply);
    } finally {
      socket.destroy();
      await reply.catch(() => undefined);
    }
  }

  private async send(socket: Socket, content: AsyncIterable<Buffer>): Promise<void> {
    await write(socket, Buffer.from('zINSTREAM\0'));
    for await (const chunk of content) {
      if (socket.destroyed || socket.readableEnded) return;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(chunk.length);
      if (chunk.length > 0) await write(socket, Buffer.concat([length, chunk]));
    }
    await write(socket, Buffer.alloc(4));
  }
}

const RESETS = new Set(['ECONNRESET', 'EPIPE']);

const isReset = (error: unknown): boolean =>
  error instanceof ScannerAwayError &&
  RESETS.has((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');

/** When the socket has taken it, or cannot any more; then the reply tells why. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  const settled = new AbortController();
  const ends = ['drain', 'close'].map((event) => once(socket, event, { signal: settled.signal }));
  await Promise.race(ends).catch(() => undefined);
  settled.abort();
  await Promise.allSettled(ends);
}

function replyOf(socket: Socket): Promise<string> {
  const reply = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length > MAX_REPLY_BYTES) socket.destroy(new Error('no reply of clamd'));
      if (text.includes('\0')) resolve(text.slice(0, text.indexOf('\0')));
    });
    socket.once('error', (cause) => reject(new ScannerAwayError({ cause })));
    socket.once('close', () => reject(new ScannerAwayError()));
  });
  reply.catch(() => undefined);
  return reply;
}

function verdictOf(reply: string): Verdict {
  const text = reply.replace(/^stream: /, '');
  if (text === 'OK') return { state: 'clean' };
  const [, signature] = /^(.*) FOUND$/.exec(text) ?? [];
  if (signature !== undefined) return { state: 'infected', signature };
  return { state: 'refused', reason: text.replace(/\.? ?ERROR$/, '') };
}
