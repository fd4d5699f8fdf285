import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { cloudStorage } from '../../../lib/storage/gcs.ts';
import { listAll, type ObjectStore } from '../../../lib/storage/store.ts';
import { listenOn } from '../../support/listening.ts';

interface Sent {
  readonly method: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

const crc32c = '8TDyHg==';
const bytes = new Uint8Array([1, 2, 3]);
const stored = {
  ...{ bucket: 'input', name: 'd/p.jpg', generation: '17', metageneration: '4', size: '3', crc32c },
  ...{ timeCreated: '2026-01-01T00:00:00.000Z', updated: '2026-01-01T00:00:00.000Z' },
};
const seen = { sizeBytes: 3, contentType: 'image/jpeg', metadata: {}, serverTimeMs: 0 };
let resource = stored;
const sent: Sent[] = [];
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://storage');
  const query = Object.fromEntries(searchParams);
  sent.push({ method: request.method, path: pathname, query, body: await text(request) });
  if (query['prefix'] === 'refused')
    response.writeHead(400).end(JSON.stringify({ error: { code: 400, message: 'The requester pays' } }));
  else if (query['alt'] === 'media') response.setHeader('x-goog-hash', `crc32c=${crc32c}`).end(bytes);
  else response.setHeader('content-type', 'application/json').end(JSON.stringify(resource));
});
let store: ObjectStore;
beforeAll(async () => {
  store = cloudStorage({ apiEndpoint: await listenOn(server), projectId: undefined });
});
afterAll(() => void server.close());
beforeEach(() => {
  sent.length = 0;
  resource = stored;
});

const id = { bucket: 'input', name: 'd/p.jpg' };
const path = '/storage/v1/b/input/o/d%2Fp.jpg';

it('creates in one request with precondition and checksum, and reads nothing afterwards', async () => {
  await store.create(id, bytes, { contentType: 'image/jpeg', metadata: { a: 'b' } });
  expect(sent).toHaveLength(1);
  const [upload] = sent;
  expect(upload).toMatchObject({
    ...{ method: 'POST', path: '/upload/storage/v1/b/input/o' },
    query: { uploadType: 'multipart', name: id.name, ifGenerationMatch: '0' },
  });
  const [head] = upload?.body.match(/\{.*\}/) ?? [];
  expect(JSON.parse(head ?? '')).toEqual({ contentType: 'image/jpeg', crc32c, metadata: { a: 'b' } });
});

it('never deletes what it wrote: the server has verified it', async () => {
  resource = { ...stored, crc32c: 'AAAAAA==' };
  await store.create(id, bytes, { contentType: 'image/jpeg' });
  expect(sent.map(({ method }) => method)).toEqual(['POST']);
});

it('reads one generation, as it is stored', async () => {
  expect(await store.read({ ...id, generation: '17' }, { maxBytes: 3 })).toEqual(Buffer.from(bytes));
  expect(sent).toMatchObject([{ method: 'GET', path, query: { generation: '17', alt: 'media' } }]);
});

it('swaps the metadata of the version it saw', async () => {
  await store.swapMetadata({ ...stored, ...seen }, { state: 'DONE' });
  expect(sent).toMatchObject([
    { method: 'PATCH', path, query: { generation: '17', ifMetagenerationMatch: '4' } },
  ]);
  expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ metadata: { state: 'DONE' } });
});

it('asks for no name that Cloud Storage refuses', async () => {
  for (const [name, code] of [
    ['a\ud800.jpg', 'REQUEST_INVALID'],
    ['a\n.jpg', 'REQUEST_INVALID'],
    ['n'.repeat(1025), 'NAME_TOO_LONG'],
  ]) {
    await expect(store.stat({ bucket: 'input', name: name ?? '' })).rejects.toMatchObject({
      code,
      kind: 'input',
    });
    await expect(listAll(store, 'input', name ?? '', undefined)).rejects.toMatchObject({ code });
  }
  expect(sent).toEqual([]);
});

it('takes what Cloud Storage refuses for a fault of the set-up, with its reason', async () => {
  const refused = listAll(store, 'input', 'refused', undefined);
  await expect(refused).rejects.toMatchObject({ code: 'STORAGE_PERMISSION', kind: 'setup' });
  await expect(refused).rejects.toThrow(/got 400: .*The requester pays/);
  expect(sent).toHaveLength(1);
});
