import fc from 'fast-check';
import { AppModule } from '../../src/app.module.js';
import { namesNotLogged } from '../../src/kernel/classification.js';
import { createLogger } from '../../src/platform/http/logger.js';

const PLANTED = 'planted-9f3c1b';

function linesOf(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  log(createLogger({ logLevel: 'trace' }, { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

describe('the process’s log', () => {
  it('withholds what stands under a marked name, however deep it lies', () => {
    expect(AppModule).toBeDefined();
    const names = [...namesNotLogged()];
    expect(names).toEqual(expect.arrayContaining(['email', 'phone', 'taxId', 'seed', 'passwordHash']));
    const nested = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        fc.record({ requestId: fc.uuid(), held: fc.constant('fine') }),
        fc.tuple(fc.constantFrom(...names)).map(([name]) => ({ [name]: { text: PLANTED } })),
        fc
          .tuple(fc.constantFrom('row', 'list', 'before'), tie('value'))
          .map(([key, inner]) => ({ [key]: inner })),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(nested, (value) => {
        const told = linesOf((logger) => logger.warn({ value }, 'a line'));
        expect(told).toContain('a line');
        expect(told).not.toContain(PLANTED);
      }),
    );
  });

  it('tells names, codes and ids as they are', () => {
    const told = linesOf((logger) =>
      logger.info({ requestId: 'r1', req: { method: 'GET' }, count: 3 }, 'done'),
    );
    expect(JSON.parse(told)).toMatchObject({
      requestId: 'r1',
      req: { method: 'GET' },
      count: 3,
      msg: 'done',
    });
  });

  it('tells of an error what helps, without the values of its query', () => {
    const error = Object.assign(new Error('duplicate key'), { code: '23505', parameters: [PLANTED] });
    const told = linesOf((logger) => logger.error({ err: error }, 'unexpected'));
    expect(told).toContain('23505');
    expect(told).not.toContain(PLANTED);
  });
});
