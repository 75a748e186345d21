import { Turns } from '../../src/platform/audit/chaining/turns.js';

describe('work that is done in turns', () => {
  it('is done once at a time, and once more for all who come meanwhile', async () => {
    const turns = new Turns<number>();
    let begun = 0;
    const release: (() => void)[] = [];
    const work = (): Promise<number> => {
      const mine = ++begun;
      return new Promise((done) => release.push(() => done(mine)));
    };
    const first = turns.take('log', work);
    const later = [turns.take('log', work), turns.take('log', work)];
    const other = turns.take('other', work);
    expect(begun).toBe(2);
    release[0]!();
    expect(await first).toBe(1);
    while (release.length < 3) await Promise.resolve();
    for (const go of release) go();
    expect(await Promise.all([...later, other])).toEqual([3, 3, 2]);
    expect(begun).toBe(3);
  });

  it('is begun anew after a failure', async () => {
    const turns = new Turns<number>();
    const failing = turns.take('log', () => Promise.reject(new Error('no database')));
    const next = turns.take('log', () => Promise.resolve(2));
    await expect(failing).rejects.toThrow('no database');
    expect(await next).toBe(2);
    expect(await turns.take('log', () => Promise.resolve(3))).toBe(3);
  });
});
