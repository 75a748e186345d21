/** A refusal that is to be shown as it is: by the API, in the words of its problem response, or by the browser. */
export class Problem extends Error {}

/** Calls the API; resolves to the parsed answer, rejects with a Problem. */
export async function call(path, { method = 'POST', body, token } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        Accept: 'application/json, application/problem+json',
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Problem('The server cannot be reached.');
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const faults = (answer?.errors ?? []).map(({ detail }) => detail);
  const wait = response.status === 429 && response.headers.get('Retry-After');
  const words = [answer?.detail ?? `The server answered ${response.status}.`, ...faults];
  throw new Problem([...words, ...(wait ? [`Wait ${wait} seconds.`] : [])].join(' '));
}
