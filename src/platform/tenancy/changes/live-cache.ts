import { LRUCache } from 'lru-cache';
import { keyOf, type Change } from './change.js';
import type { Changes } from './changes.js';

/** Even what nobody changes is asked for again after so long. */
const REMEMBERED_MS = 60_000;

/** An answer, and until when it is true by itself, in milliseconds since the epoch. */
export interface Answer<V> {
  value: V;
  until: number;
}

interface Entry<V> extends Answer<V> {
  about: readonly string[];
}

/**
 * Remembers answers for as long as the feed of changes is live and none of their subjects changed. While it is not,
 * every question is asked anew, as if there were no memory.
 */
export class LiveCache<V extends object> {
  private readonly entries: LRUCache<string, Entry<V>>;
  /** The questions whose answers are about a subject. */
  private readonly questions = new Map<string, Set<string>>();

  constructor(
    private readonly changes: Changes,
    /** How much all answers together may weigh. */
    maxWeight: number,
    /** What an answer weighs: a whole number above zero. */
    weightOf: (answer: V) => number,
  ) {
    this.entries = new LRUCache({
      maxSize: maxWeight,
      sizeCalculation: ({ value }) => weightOf(value),
      ttl: REMEMBERED_MS,
      dispose: ({ about }, question) => this.unlink(question, about),
    });
    changes.onChange((change) => this.forget(change));
  }

  /**
   * The answer to the question: remembered, or asked for now. Undefined is not remembered. `sources` are the databases
   * where changes of what it is about are announced; all must be heard.
   */
  async find(
    question: string,
    about: readonly Change[],
    ask: () => Promise<Answer<V> | undefined>,
    sources?: readonly string[],
  ): Promise<V | undefined> {
    if (!this.changes.isLive(sources) || this.changes.isHeld(about)) return (await ask())?.value;
    const known = this.entries.get(question);
    if (known && known.until > Date.now()) return known.value;
    const { generation } = this.changes;
    const answer = await ask();
    // A change that came meanwhile may be younger than what was read.
    const { changes } = this;
    const isCurrent = changes.isLive(sources) && changes.generation === generation;
    if (answer && isCurrent) this.remember(question, { ...answer, about: about.map(keyOf) });
    return answer?.value;
  }

  private forget(change: Change): void {
    if (change.subject === 'everything') {
      this.entries.clear();
      return;
    }
    for (const question of [...(this.questions.get(keyOf(change)) ?? [])]) this.entries.delete(question);
  }

  private remember(question: string, entry: Entry<V>): void {
    this.entries.set(question, entry);
    for (const subject of entry.about) {
      const questions = this.questions.get(subject) ?? new Set();
      this.questions.set(subject, questions.add(question));
    }
  }

  private unlink(question: string, about: readonly string[]): void {
    for (const subject of about) {
      const questions = this.questions.get(subject);
      questions?.delete(question);
      if (questions?.size === 0) this.questions.delete(subject);
    }
  }
}
