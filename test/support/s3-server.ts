import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { S3ObjectStore } from '../../src/features/files/storage/s3-object-store.js';
import { freePort } from './ports.js';

const BUCKET = 'ringfence-files';
const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A server of the S3 protocol with an empty bucket. */
export interface S3Server {
  /** For the environment of a server. */
  env: Record<string, string>;
  store: S3ObjectStore;
  /** The names of all objects, and of uploads in parts that have not ended. */
  contents(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    detached: true,
  });
  // A shim may stand before the interpreter, so the whole group ends.
  const kill = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  process.once('exit', kill);
  let fault: Error | undefined;
  child.once('error', (error) => (fault = error));
  const client = new S3Client({ region: REGION, endpoint, forcePathStyle: true, credentials: CREDENTIALS });
  for (let tries = 0; ; tries++) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      break;
    } catch (error) {
      if (fault ?? tries > 300)
        throw new Error('moto_server did not start: pip install "moto[s3,server]"', {
          cause: error,
        });
      await sleep(100);
    }
  }
  return {
    env: {
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: endpoint,
      S3_REGION: REGION,
      S3_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      S3_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
    store: new S3ObjectStore({ bucket: BUCKET, region: REGION, endpoint, credentials: CREDENTIALS }),
    async contents() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      return [...Contents, ...Uploads].map(({ Key = '' }) => Key).sort();
    },
    stop() {
      kill();
      process.off('exit', kill);
      client.destroy();
      return Promise.resolve();
    },
  };
}
