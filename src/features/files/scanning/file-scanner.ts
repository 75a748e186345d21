import { Inject, Injectable, Logger } from '@nestjs/common';
import { InvalidError, UnavailableError } from '../../../kernel/errors.js';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import type { Config } from '../../../platform/config/config.js';
import { CONFIG } from '../../../platform/config/config.module.js';
import type { ByteSource } from '../file-storage.js';
import type { ScanState } from '../file.entity.js';
import { Clamd, ScannerAwayError, type Verdict } from './clamd.js';

const CHUNK_BYTES = 64 * 1024;
const RETRY_AFTER_SECONDS = 60;

/** Has contents looked at by the virus scanner, where there is one. */
@Injectable()
export class FileScanner {
  private readonly logger = new Logger(FileScanner.name);
  private readonly clamd: Clamd | undefined;
  private readonly whenAway: 'pending' | 'refuse';

  constructor(
    @Inject(CONFIG) { clamav }: Config,
    private readonly audit: AuditTrail,
  ) {
    this.clamd = clamav && new Clamd(clamav.url);
    this.whenAway = clamav?.whenAway ?? 'pending';
  }

  /** Whether an upload has been left pending since this was last set to false. */
  hasLeftPending = false;

  get isOn(): boolean {
    return this.clamd !== undefined;
  }

  /**
   * In which state an upload is taken: `clean`, `off` without a scanner, `pending` when it is away and uploads may wait.
   * Throws InvalidError for what is infected or cannot be scanned, UnavailableError when it is away and they may not.
   */
  async judge(upload: ByteSource): Promise<ScanState> {
    if (!this.clamd) return 'off';
    let verdict: Verdict;
    try {
      verdict = await this.clamd.scan(bytesOf(upload));
    } catch (error) {
      if (!(error instanceof ScannerAwayError)) throw error;
      this.logger.warn(`${error.message}; uploads are ${this.whenAway === 'refuse' ? 'refused' : 'pending'}`);
      this.hasLeftPending = this.whenAway === 'pending';
      if (this.whenAway === 'pending') return 'pending';
      throw new UnavailableError(
        'scanner_unavailable',
        'Files cannot be scanned for viruses now; retry later.',
        RETRY_AFTER_SECONDS,
        { cause: error },
      );
    }
    if (verdict.state === 'clean') return 'clean';
    if (verdict.state === 'refused') {
      this.logger.warn(`The virus scanner refused an upload: ${verdict.reason}`);
      throw InvalidError.field('/file', 'not_scannable', 'The file cannot be scanned for viruses.');
    }
    await this.report('denied', verdict.signature);
    throw InvalidError.field('/file', 'infected', 'The virus scanner found something in the file.');
  }

  /** The state of a content that is stored already; undefined when it cannot be told. Throws ScannerAwayError. */
  async settle(fileId: string, content: AsyncIterable<Buffer>): Promise<'clean' | 'infected' | undefined> {
    if (!this.clamd) return undefined;
    const verdict = await this.clamd.scan(content);
    if (verdict.state === 'infected') await this.report('failure', verdict.signature, fileId);
    if (verdict.state !== 'refused') return verdict.state;
    this.logger.warn(`File ${fileId} stays pending: the virus scanner refused it: ${verdict.reason}`);
    return undefined;
  }

  private report(outcome: 'denied' | 'failure', signature: string, fileId?: string): Promise<void> {
    const target = fileId === undefined ? {} : { target: { type: 'file', id: fileId } };
    return this.audit.record({ action: 'malicious_file_found', outcome, ...target, detail: { signature } });
  }
}

async function* bytesOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (let at = 0; at < source.size; at += CHUNK_BYTES) yield source.readAt(at, CHUNK_BYTES);
}
