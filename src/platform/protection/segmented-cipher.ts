import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** How an AES-GCM-HKDF streaming key works; each choice makes another format. */
export interface SegmentedFormat {
  hash: 'sha1' | 'sha256' | 'sha512';
  derivedKeyBytes: 16 | 32;
  /** Of the ciphertext; the last segment may be shorter. */
  segmentBytes: number;
}

const TAG_BYTES = 16;
const NONCE_PREFIX_BYTES = 7;
const MAX_SEGMENTS = 2 ** 32;

/** The ciphertext was changed, cut short, put in another place, or is under another key. */
export class SealBrokenError extends Error {
  constructor() {
    super('the ciphertext is not what was sealed here');
    this.name = 'SealBrokenError';
  }
}

/** Where the bytes of a plaintext lie in its ciphertext. Each segment is sealed by itself, so any can be read alone. */
export class SegmentLayout {
  readonly headerBytes: number;
  private readonly plainBytes: number;

  constructor(readonly format: SegmentedFormat) {
    this.headerBytes = 1 + format.derivedKeyBytes + NONCE_PREFIX_BYTES;
    this.plainBytes = format.segmentBytes - TAG_BYTES;
    if (this.plainBytes <= this.headerBytes) throw new Error('the segments are too short for the header');
  }

  /** Bytes of plaintext in the segment, at most; the first shares its room with the header. */
  capacityOf(segment: number): number {
    return segment === 0 ? this.plainBytes - this.headerBytes : this.plainBytes;
  }

  segmentOf(plainPosition: number): number {
    return Math.floor((plainPosition + this.headerBytes) / this.plainBytes);
  }

  /** Where the plaintext of the segment begins. */
  plainStartOf(segment: number): number {
    return segment === 0 ? 0 : segment * this.plainBytes - this.headerBytes;
  }

  /** First and last byte of the segment's ciphertext, in a ciphertext of so many bytes, header included. */
  rangeOf(segment: number, sealedBytes: number): { start: number; end: number } {
    const { segmentBytes } = this.format;
    const start = segment === 0 ? this.headerBytes : segment * segmentBytes;
    return { start, end: Math.min((segment + 1) * segmentBytes, sealedBytes) - 1 };
  }

  /** How many segments a ciphertext of so many bytes has. Throws SealBrokenError for what can be none. */
  countOf(sealedBytes: number): number {
    const count = Math.max(1, Math.ceil(sealedBytes / this.format.segmentBytes));
    const { start, end } = this.rangeOf(count - 1, sealedBytes);
    const plain = end - start + 1 - TAG_BYTES;
    if (count > MAX_SEGMENTS || plain < (count === 1 ? 0 : 1)) throw new SealBrokenError();
    return count;
  }

  /** Bytes of plaintext. Throws SealBrokenError as `countOf` does. */
  plainSizeOf(sealedBytes: number): number {
    return sealedBytes - this.headerBytes - TAG_BYTES * this.countOf(sealedBytes);
  }
}

/**
 * AES-GCM-HKDF streaming, as Tink defines it (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming): a key of
 * its own for each message, from a random salt and the associated data, and one nonce for each segment, which holds the
 * segment's number and whether it is the last.
 */
export class SegmentedCipher {
  private constructor(
    readonly header: Buffer,
    private readonly key: Uint8Array,
    private readonly noncePrefix: Buffer,
  ) {}

  /** For a new message. */
  static create(format: SegmentedFormat, key: Uint8Array, associatedData: string): SegmentedCipher {
    const random = randomBytes(format.derivedKeyBytes + NONCE_PREFIX_BYTES);
    const header = Buffer.concat([Buffer.from([1 + random.length]), random]);
    return SegmentedCipher.of(format, key, associatedData, header);
  }

  /** For the message that begins with this header. Throws SealBrokenError when it is none of this format. */
  static of(
    format: SegmentedFormat,
    key: Uint8Array,
    associatedData: string,
    header: Buffer,
  ): SegmentedCipher {
    const { derivedKeyBytes } = format;
    if (header.length !== 1 + derivedKeyBytes + NONCE_PREFIX_BYTES || header[0] !== header.length)
      throw new SealBrokenError();
    const salt = header.subarray(1, 1 + derivedKeyBytes);
    const derived = hkdfSync(format.hash, key, salt, associatedData, derivedKeyBytes);
    return new SegmentedCipher(header, new Uint8Array(derived), header.subarray(1 + derivedKeyBytes));
  }

  seal(segment: number, isLast: boolean, plaintext: Uint8Array): Buffer {
    const cipher = createCipheriv(this.algorithm, this.key, this.nonceOf(segment, isLast));
    const sealed = cipher.update(plaintext);
    cipher.final();
    return Buffer.concat([sealed, cipher.getAuthTag()]);
  }

  /** Throws SealBrokenError unless exactly this was sealed as this segment. */
  open(segment: number, isLast: boolean, sealed: Buffer): Buffer {
    if (sealed.length < TAG_BYTES) throw new SealBrokenError();
    const nonce = this.nonceOf(segment, isLast);
    const decipher = createDecipheriv(this.algorithm, this.key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const plaintext = decipher.update(sealed.subarray(0, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw new SealBrokenError();
    }
    return plaintext;
  }

  private get algorithm(): 'aes-128-gcm' | 'aes-256-gcm' {
    return this.key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
  }

  private nonceOf(segment: number, isLast: boolean): Buffer {
    const nonce = Buffer.alloc(NONCE_PREFIX_BYTES + 5);
    this.noncePrefix.copy(nonce);
    nonce.writeUInt32BE(segment, NONCE_PREFIX_BYTES);
    nonce[nonce.length - 1] = isLast ? 1 : 0;
    return nonce;
  }
}

/** Encrypts a message that comes in pieces, holding one segment of it. */
export class SegmentedWriter {
  private held: Buffer;
  private heldBytes = 0;
  private segment = 0;

  constructor(
    private readonly layout: SegmentLayout,
    private readonly cipher: SegmentedCipher,
  ) {
    this.held = Buffer.allocUnsafe(layout.capacityOf(0));
  }

  /** The segments that are complete with this; a full one waits for the next byte, since it might be the last. */
  update(chunk: Uint8Array): Buffer[] {
    const sealed: Buffer[] = [];
    for (let taken = 0; taken < chunk.length;) {
      if (this.heldBytes === this.held.length) sealed.push(this.seal(false));
      const some = chunk.subarray(taken, taken + this.held.length - this.heldBytes);
      this.held.set(some, this.heldBytes);
      this.heldBytes += some.length;
      taken += some.length;
    }
    return sealed;
  }

  /** The last segment. */
  end(): Buffer {
    return this.seal(true);
  }

  private seal(isLast: boolean): Buffer {
    if (this.segment === MAX_SEGMENTS) throw new Error('the message is too long for its format');
    const sealed = this.cipher.seal(this.segment++, isLast, this.held.subarray(0, this.heldBytes));
    const capacity = this.layout.capacityOf(this.segment);
    if (this.held.length !== capacity) this.held = Buffer.allocUnsafe(capacity);
    this.heldBytes = 0;
    return sealed;
  }
}
