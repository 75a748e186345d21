import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { onceClosed } from '../../src/platform/http/response/once-closed.js';

describe('those who wait for a response to close', () => {
  it('share one listener, and are each called once, in their order', () => {
    const response = new EventEmitter() as unknown as ServerResponse;
    const called: number[] = [];
    for (let one = 0; one < 20; one++) onceClosed(response, () => called.push(one));
    expect(response.listenerCount('close')).toBe(1);
    response.emit('close');
    response.emit('close');
    expect(called).toEqual(Array.from({ length: 20 }, (_, one) => one));
  });
});
