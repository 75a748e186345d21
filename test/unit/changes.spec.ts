import fc from 'fast-check';
import {
  SUBJECTS,
  formatChange,
  keyOf,
  OF_EVERYTHING,
  ofAccount,
  ofSession,
  parseChange,
} from '../../src/platform/tenancy/changes/change.js';
import { Changes } from '../../src/platform/tenancy/changes/changes.js';
import { Holds } from '../../src/platform/tenancy/changes/holds.js';
import { LiveCache } from '../../src/platform/tenancy/changes/live-cache.js';

const ID = '01900000-0000-7000-8000-000000000001';
const sender = { query: () => Promise.resolve() };

/** A feed that is as live as it is told to be. */
class ToldFeed extends Changes {
  live = true;
  override isLive(): boolean {
    return this.live;
  }
}

describe('a change', () => {
  it('is read as it was written', () => {
    const name = fc.option(fc.uuid());
    fc.assert(
      fc.property(fc.constantFrom(...SUBJECTS), name, name, (subject, tenantId, id) => {
        const change = { subject, tenantId, id };
        expect(parseChange(formatChange(change))).toEqual(change);
      }),
    );
  });

  it('that is not understood is a change of everything', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseChange(text)).toEqual(OF_EVERYTHING)));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { subject } = (value ?? {}) as { subject?: unknown };
        fc.pre(!SUBJECTS.some((known) => known === subject));
        expect(parseChange(JSON.stringify(value))).toEqual(OF_EVERYTHING);
      }),
    );
  });

  it('of one realm has not the key of another', () => {
    expect(keyOf(ofSession(null, ID))).not.toBe(keyOf(ofSession(ID, ID)));
    expect(keyOf(ofSession(ID, ID))).not.toBe(keyOf(ofAccount(ID, ID)));
  });
});

describe('what is remembered', () => {
  const about = [ofSession(null, ID)];
  const answer = (value: number) => ({ value: { value }, until: Date.now() + 60_000 });
  const counting = () => {
    let asked = 0;
    const feed = new ToldFeed();
    const cache = new LiveCache<{ value: number }>(feed, 10, () => 1);
    const ask = (until?: number) =>
      cache.find('q', about, () => Promise.resolve({ ...answer(++asked), ...(until && { until }) }));
    return { feed, cache, ask, asked: () => asked };
  };

  it('is not asked for again, until it ends by itself', async () => {
    const { ask, asked } = counting();
    await ask();
    await ask();
    expect(asked()).toBe(1);
    const ended = counting();
    await ended.ask(Date.now() - 1);
    await ended.ask();
    expect(ended.asked()).toBe(2);
  });

  it('is asked for each time while nothing can be heard', async () => {
    const { feed, ask, asked } = counting();
    await ask();
    feed.live = false;
    await ask();
    await ask();
    expect(asked()).toBe(3);
  });

  it('is forgotten with its subject, and not for another', async () => {
    const { feed, ask, asked } = counting();
    await ask();
    await feed.announce(sender, ofSession(ID, ID));
    await ask();
    expect(asked()).toBe(1);
    await feed.announce(sender, ofSession(null, ID));
    await ask();
    expect(asked()).toBe(2);
  });

  it('is not what was read before a change that came meanwhile', async () => {
    const feed = new ToldFeed();
    const cache = new LiveCache<{ value: number }>(feed, 10, () => 1);
    await cache.find('q', about, async () => {
      await feed.announce(sender, ofAccount(null, ID));
      return answer(1);
    });
    expect(await cache.find('q', about, () => Promise.resolve(answer(2)))).toEqual({ value: 2 });
  });

  it('is not what was read when the feed fell silent meanwhile', async () => {
    const feed = new ToldFeed();
    const cache = new LiveCache<{ value: number }>(feed, 10, () => 1);
    await cache.find('q', about, () => {
      feed.live = false;
      return Promise.resolve(answer(1));
    });
    feed.live = true;
    expect(await cache.find('q', about, () => Promise.resolve(answer(2)))).toEqual({ value: 2 });
  });

  it('is not answered while this node itself changes it', async () => {
    const { feed, ask, asked } = counting();
    await feed.announce(sender, about[0]!);
    await ask();
    await ask();
    expect(asked()).toBe(2);
  });

  it('is bounded by what it weighs', async () => {
    const feed = new ToldFeed();
    const cache = new LiveCache<{ value: number }>(feed, 10, () => 1);
    let asked = 0;
    const ask = (question: number) =>
      cache.find(String(question), about, () => Promise.resolve(answer(++asked)));
    for (let question = 0; question < 20; question++) await ask(question);
    await ask(19);
    expect(asked).toBe(20);
    await ask(0);
    expect(asked).toBe(21);
  });
});

describe('what is held', () => {
  it('is so until the last mark of it came back', () => {
    const holds = new Holds(10);
    holds.add('1', 'a');
    holds.add('2', 'a');
    holds.remove('1');
    expect(holds.has('a')).toBe(true);
    expect(holds.has('b')).toBe(false);
    holds.remove('2');
    expect(holds.has('a')).toBe(false);
  });

  it('is everything once a mark had no room', () => {
    const holds = new Holds(1);
    holds.add('1', 'a');
    holds.add('2', 'b');
    holds.remove('1');
    expect(['a', 'b', 'c'].every((subject) => holds.has(subject))).toBe(true);
  });
});
