import { Agent, get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const { url, token, workers, perMinute } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: workers });
const everyMs = (60_000 * workers) / perMinute;
const answers = {};
let isOver = false;
parentPort.once('message', () => (isOver = true));

const ask = () =>
  new Promise((done, failed) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once('end', () => done(response.statusCode));
    }).once('error', failed);
  });

async function work(n) {
  await sleep((everyMs * n) / workers);
  while (!isOver) {
    const start = performance.now();
    const status = await ask();
    answers[status] = (answers[status] ?? 0) + 1;
    await sleep(Math.max(0, everyMs - (performance.now() - start)));
  }
}

await Promise.all(Array.from({ length: workers }, (_, n) => work(n)));
agent.destroy();
parentPort.postMessage(answers);
