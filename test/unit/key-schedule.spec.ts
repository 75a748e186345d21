import fc from 'fast-check';
import { earliestTurn, LEAD_MS, nextTurn, scheduleOf } from '../../src/platform/auth/tokens/key-schedule.js';

const NOW = new Date('2026-06-01T00:00:00Z');
const at = (ms: number): Date => new Date(NOW.getTime() + ms);
const HOUR = 3_600_000;
const key = (kid: string, signsIn: number, madeIn = signsIn - HOUR, retiredAt: Date | null = null) => ({
  kid,
  signsFrom: at(signsIn),
  createdAt: at(madeIn),
  retiredAt,
});
const keys = fc.uniqueArray(
  fc.record({ kid: fc.uuid(), signsIn: fc.integer({ min: -100 * HOUR, max: 100 * HOUR }) }),
  { selector: ({ kid }) => kid, minLength: 1, maxLength: 8 },
);

describe('the schedule of the signing keys', () => {
  it('has a next, a current, previous and retired ones', () => {
    const schedule = scheduleOf(
      [
        key('old', -3 * HOUR),
        key('next', HOUR),
        key('gone', -9 * HOUR, -10 * HOUR, at(-5 * HOUR)),
        key('now', -HOUR),
      ],
      NOW,
    );
    expect(schedule.map(({ key: { kid }, state }) => [kid, state])).toEqual([
      ['next', 'next'],
      ['now', 'current'],
      ['old', 'previous'],
      ['gone', 'retired'],
    ]);
    expect(schedule[2]!.until).toEqual(at(-HOUR + HOUR + 60_000));
  });

  it('has one current key as soon as any has begun to sign, whatever order they come in', () => {
    fc.assert(
      fc.property(keys, fc.boolean(), (facts, isReversed) => {
        const rows = facts.map(({ kid, signsIn }) => key(kid, signsIn));
        const schedule = scheduleOf(isReversed ? rows.toReversed() : rows, NOW);
        const current = schedule.filter(({ state }) => state === 'current');
        expect(current).toHaveLength(facts.some(({ signsIn }) => signsIn <= 0) ? 1 : 0);
        expect(schedule).toEqual(scheduleOf(rows, NOW));
        expect(schedule.every((one) => one.state !== 'previous' || one.until! > one.key.signsFrom)).toBe(
          true,
        );
      }),
    );
  });

  it('never lets a key sign that was not published for long enough before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * HOUR }), fc.integer({ min: 1, max: 365 }), (age, days) => {
        const turn = nextTurn(key('now', -age), NOW, days);
        expect(turn.getTime()).toBeGreaterThanOrEqual(NOW.getTime() + LEAD_MS);
        const made = key('next', 1000 * HOUR, -age);
        expect(earliestTurn(made, NOW).getTime()).toBeGreaterThanOrEqual(made.createdAt.getTime() + LEAD_MS);
      }),
    );
  });
});
