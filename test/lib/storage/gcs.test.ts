import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cloudStorage } from '../../../lib/storage/gcs.ts';
import { openEmulator } from '../../support/emulator-world.ts';
import { listenOn } from '../../support/listening.ts';
import type { FaultKind } from '../../support/storage-faults.ts';

let emulator: Awaited<ReturnType<typeof openEmulator>>;
beforeAll(async () => {
  emulator = await openEmulator();
});
afterAll(() => emulator[Symbol.asyncDispose]());
beforeEach(() => emulator.faults.reset());

/** A busy machine may need seconds for a request; a test of a timeout sets a shorter one. */
const store = (attemptTimeoutMs = 20_000) =>
  cloudStorage({
    apiEndpoint: emulator.workerUrl('tested'),
    projectId: undefined,
    retry: { attemptTimeoutMs, backoffMs: [1, 1] },
  });
const bytes = new Uint8Array([1, 2, 3]);
const plain = { contentType: 'application/octet-stream' };

let names = 0;
const freshId = () => ({ bucket: 'input', name: `d/é ${++names}.jpg` });

// What holds for every store is in test/contract/storage.test.ts.
describe('cloudStorage', () => {
  it('unpacks an object that was uploaded compressed, up to the limit', async () => {
    const id = freshId();
    const client = new Storage({ apiEndpoint: emulator.url, projectId: 'local' });
    await client
      .bucket(id.bucket)
      .file(id.name)
      .save(gzipSync(Buffer.alloc(5000)), {
        resumable: false,
        validation: false,
        metadata: { contentEncoding: 'gzip' },
      });
    const info = await store().stat(id);
    if (info === undefined) throw new Error('expected an object');
    expect(await store().read(info, { maxBytes: 5000 })).toHaveLength(5000);
    await expect(store().read(info, { maxBytes: 4999 })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('reports an object whose create lost its answer as existing', async () => {
    emulator.faults.set([{ kind: 'lost', at: 1, match: { worker: 'tested' } }]);
    expect(await store().create(freshId(), bytes, plain)).toMatchObject({
      created: false,
      info: { sizeBytes: 3 },
    });
  });

  it('throws STORAGE_UNAVAILABLE when no try succeeds', async () => {
    const { info } = await store().create(freshId(), bytes, plain);
    for (const kind of ['503', 'reset'] as const) {
      emulator.faults.set([{ kind, at: 1, times: 9, match: { worker: 'tested' } }]);
      await expect(store().stat(info)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      await expect(store().read(info, { maxBytes: 9 })).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      });
    }
  });

  it('ends a download at once when it is aborted before the answer', async () => {
    const { info } = await store().create(freshId(), bytes, plain);
    const stop = new AbortController();
    const arrived = Promise.withResolvers<void>();
    const rule = {
      kind: 'hang',
      at: 1,
      match: { worker: 'tested' },
      onHit: () => arrived.resolve(),
    } as const;
    emulator.faults.set([rule]);
    const reading = store().read(info, { maxBytes: 9, signal: stop.signal });
    await arrived.promise;
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    emulator.faults.release();
    // The late answer arrives now: an error without a handler would end the process and fail the test run.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  const large = new Uint8Array(1_000_000).map((_, n) => n % 251);
  const generationRead = async (kind: FaultKind, times: number) => {
    const { info } = await store().create(freshId(), large, plain);
    const match = { worker: 'tested', operations: ['read' as const] };
    emulator.faults.set([{ kind, at: 1, times, match }]);
    return store(kind === 'stalled' ? 500 : undefined).read(info, { maxBytes: 2_000_000 });
  };

  it.each(['cut', 'stalled', 'garbled'] as const)(
    'repeats a download that is %s, and gives up after the last try',
    async (kind) => {
      expect(Buffer.compare((await generationRead(kind, 2)) ?? Buffer.of(), large)).toBe(0);
      expect(emulator.faults.hits()).toHaveLength(2);
      await expect(generationRead(kind, 3)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    },
  );

  it('returns no bytes that differ from those of the server', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      const isWhole = ++requests === 3;
      response.writeHead(200, { 'x-goog-hash': 'crc32c=8TDyHg==' }).end(isWhole ? bytes : bytes.subarray(1));
    });
    const broken = cloudStorage({
      apiEndpoint: await listenOn(server),
      projectId: undefined,
      retry: { attemptTimeoutMs: 20_000, backoffMs: [1, 1] },
    });
    expect(await broken.read({ ...freshId(), generation: '1' }, { maxBytes: 9 })).toEqual(Buffer.from(bytes));
    const reading = broken.read({ ...freshId(), generation: '1' }, { maxBytes: 9 });
    await expect(reading).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    server.close();
    server.closeAllConnections();
  });

  it('refuses names that the client library would rewrite', async () => {
    await expect(store().stat({ bucket: 'input', name: '{{projectId}}.jpg' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  it('takes a missing bucket for a fault of the set-up', async () => {
    const created = store().create({ bucket: 'nowhere', name: 'x' }, bytes, plain);
    await expect(created).rejects.toMatchObject({ code: 'STORAGE_PERMISSION', kind: 'setup' });
  });
});
