import type { Answer } from './client.js';

/** Fails unless the answer is a refusal as the contract has it: RFC 9457, with a code and the request's id, and no leak. */
export function expectProblem(answer: Answer, status?: number, code?: string): void {
  const told = `${answer.status} ${answer.text.slice(0, 500)}`;
  const { body } = answer as { body: Record<string, unknown> | undefined };
  expect({ told, isClientError: answer.status >= 400 && answer.status < 500 }).toEqual({
    told,
    isClientError: true,
  });
  expect({ told, type: answer.headers.get('content-type')?.split(';')[0] }).toEqual({
    told,
    type: 'application/problem+json',
  });
  expect(body).toMatchObject({
    type: expect.any(String) as string,
    title: expect.any(String) as string,
    status: answer.status,
    code: expect.stringMatching(/^[a-z][a-z0-9_]*$/) as string,
    requestId: answer.headers.get('x-request-id') ?? 'the X-Request-Id header is missing',
  });
  expect(answer.text).not.toMatch(
    /node_modules|\bat .+:\d+:\d+|QueryFailedError|SELECT |INSERT |typeorm|__tenant__|t_[a-z2-7]{26}/i,
  );
  if (status !== undefined) expect({ told, status: answer.status }).toEqual({ told, status });
  if (code !== undefined) expect(body?.code).toBe(code);
}

/** The pointers of the faults that a refusal names. */
export function pointersOf(answer: Answer): string[] {
  const { errors } = (answer.body ?? {}) as { errors?: { pointer: string }[] };
  return (errors ?? []).map(({ pointer }) => pointer);
}
