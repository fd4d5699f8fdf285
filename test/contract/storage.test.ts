import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32cBase64 } from '../../lib/storage/crc32c.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import type { ObjectInfo, ObjectStore } from '../../lib/storage/store.ts';
import { machine, startMachine } from '../simulation/machine.ts';
import { cloudStorage as simulatedStorage } from '../simulation/stand-ins/gcs.ts';
import { listed, openEmulator, workerStore } from '../support/emulator-world.ts';
import { type MemoryBuckets, memoryBuckets, memoryClient, put } from '../support/memory-store.ts';

/**
 * What jobs rely on, of whatever holds their objects. `STORAGE_CONTRACT_URL` and `STORAGE_CONTRACT_BUCKET`
 * name one more endpoint, e.g. https://storage.googleapis.com with the credentials of this machine; its
 * objects begin with `contract-` and stay.
 */
interface Tested {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** As a user does: whatever has the name is replaced. */
  readonly overwrite: (name: string, text: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const { STORAGE_CONTRACT_URL: url, STORAGE_CONTRACT_BUCKET: ownBucket = 'input' } = process.env;

const inMemory = (store: ObjectStore, buckets: MemoryBuckets): Tested => ({
  ...{ store, bucket: 'input', close: async () => {} },
  overwrite: async (name, text) => void put(buckets, { bucket: 'input', name }, text),
});

const overHttp = (store: ObjectStore, client: Storage, bucket: string): Omit<Tested, 'close'> => ({
  ...{ store, bucket },
  overwrite: (name, text) => client.bucket(bucket).file(name).save(text, { resumable: false }),
});

async function atEndpoint(endpoint: string): Promise<Tested> {
  const isGoogle = new URL(endpoint).host === 'storage.googleapis.com';
  const client = isGoogle ? new Storage() : new Storage({ apiEndpoint: endpoint, projectId: 'local' });
  const store = cloudStorage({ apiEndpoint: isGoogle ? undefined : endpoint, projectId: undefined });
  return { ...overHttp(store, client, ownBucket), close: async () => {} };
}

const stores: readonly (readonly [string, () => Promise<Tested>])[] = [
  [
    'the emulator',
    async () => {
      const emulator = await openEmulator();
      const client = new Storage({ apiEndpoint: emulator.url, projectId: 'local' });
      const close = async () => emulator[Symbol.asyncDispose]();
      return { ...overHttp(workerStore(emulator, 'tested'), client, 'input'), close };
    },
  ],
  [
    'the buckets in memory',
    async () => {
      const buckets = { ...memoryBuckets(), nowMs: Date.now() };
      return inMemory(memoryClient(buckets), buckets);
    },
  ],
  [
    'the buckets of the simulation',
    async () => {
      startMachine(1).nowMs = Date.now();
      return inMemory(simulatedStorage(), machine().buckets);
    },
  ],
  ...(url === undefined ? [] : [[url, () => atEndpoint(url)] as const]),
];

const encoder = new TextEncoder();
const plain = { contentType: 'application/octet-stream' };
const round = `contract-${Date.now()}`;

describe.each(stores)('%s keeps the contract (G26)', (_, open) => {
  let tested: Tested;
  beforeAll(async () => {
    tested = await open();
  });
  afterAll(() => tested.close());
  let names = 0;
  const fresh = (rest = '') => ({ bucket: tested.bucket, name: `${round}/${++names}${rest}` });
  const made = async (text = '', metadata = {}): Promise<ObjectInfo> => {
    const created = await tested.store.create(fresh(), encoder.encode(text), { ...plain, metadata });
    return created.info;
  };
  const maxBytes = 1000;

  it('C1 tells of an object what was written', async () => {
    const bytes = encoder.encode('text');
    const id = fresh();
    const facts = { contentType: 'image/jpeg', metadata: { a: 'b' } };
    const { created, info } = await tested.store.create(id, bytes, facts);
    expect(created).toBe(true);
    expect(info).toMatchObject({ ...id, ...facts, sizeBytes: 4, crc32c: crc32cBase64(bytes) });
    expect({ ...(await tested.store.stat(id)), serverTimeMs: 0 }).toEqual({ ...info, serverTimeMs: 0 });
  });

  it('C2 leaves what exists as it is, and tells of it', async () => {
    const first = await made('first');
    const second = await tested.store.create(first, encoder.encode('second'), plain);
    expect(second).toMatchObject({ created: false, info: { generation: first.generation, sizeBytes: 5 } });
    expect(await textOf(first)).toBe('first');
  });

  it('C3 lets exactly one of many creations succeed', async () => {
    const id = fresh();
    const tries = Array.from({ length: 8 }, (_each, n) => encoder.encode(String(n)));
    const results = await Promise.all(tries.map((bytes) => tested.store.create(id, bytes, plain)));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ info }) => info.generation)).size).toBe(1);
  });

  it('C4 gives the bytes of one generation, and none once it is replaced', async () => {
    const old = await made('old');
    expect(await textOf(old)).toBe('old');
    await tested.overwrite(old.name, 'new');
    expect(await textOf(old)).toBeUndefined();
    expect(await tested.store.stat(old)).toBeUndefined();
    const now = await tested.store.stat({ bucket: old.bucket, name: old.name });
    expect(now?.generation).not.toBe(old.generation);
    expect(now && (await textOf(now))).toBe('new');
  });

  it('C5 refuses to read more than was asked for', async () => {
    const read = tested.store.read(await made('four'), { maxBytes: 3 });
    await expect(read).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('C6 knows nothing of what is not there', async () => {
    expect(await tested.store.stat(fresh())).toBeUndefined();
    expect(await tested.store.read({ ...fresh(), generation: '7' }, { maxBytes })).toBeUndefined();
  });

  it('C7 changes the keys that a swap names, and keeps the others and the bytes', async () => {
    const before = await made('text', { a: '1', b: '2' });
    const after = await tested.store.swapMetadata(before, { a: '3', c: '4' });
    expect(after).toMatchObject({ generation: before.generation, metadata: { a: '3', b: '2', c: '4' } });
    expect(after?.metageneration).not.toBe(before.metageneration);
    expect(after?.timeCreated).toBe(before.timeCreated);
    expect(after && (await textOf(after))).toBe('text');
  });

  it('C8 swaps nothing from another version than the current one', async () => {
    const before = await made('', { a: '1' });
    await tested.store.swapMetadata(before, { a: '2' });
    expect(await tested.store.swapMetadata(before, { a: '3' })).toBeUndefined();
    expect((await tested.store.stat(before))?.metadata).toEqual({ a: '2' });
    await tested.overwrite(before.name, 'new');
    expect(await tested.store.swapMetadata(before, { a: '4' })).toBeUndefined();
  });

  it('C9 lets exactly one of many swaps succeed', async () => {
    const info = await made('', { a: '' });
    const tries = Array.from({ length: 8 }, (_each, n) => tested.store.swapMetadata(info, { a: `${n}` }));
    expect((await Promise.all(tries)).filter((swapped) => swapped !== undefined)).toHaveLength(1);
  });

  it('C10 lists names by their bytes in UTF-8, page by page, from a name', async () => {
    const { bucket, name } = fresh('/');
    // In UTF-16, of which JavaScript's order is, the last two are the other way round.
    const inOrder = ['A', 'a', 'b', 'é', '\u{ff21}', '\u{1f600}'].map((each) => `${name}${each}`);
    for (const each of inOrder.toReversed()) {
      await tested.store.create({ bucket, name: each }, new Uint8Array(), plain);
    }
    expect((await listed(tested.store, bucket, name)).map((info) => info.name)).toEqual(inOrder);
    const found: string[] = [];
    const options = { prefix: name, startOffset: inOrder[2]!, pageSize: 1 };
    for await (const info of tested.store.list(bucket, options)) found.push(info.name);
    expect(found).toEqual(inOrder.slice(2));
  });

  it('C11 lists an object from the moment it is written, with what was swapped', async () => {
    const info = await made('', { a: '1' });
    const [first] = await listed(tested.store, info.bucket, info.name);
    expect(first).toMatchObject({ generation: info.generation, metadata: { a: '1' } });
    await tested.store.swapMetadata(info, { a: '2' });
    const [second] = await listed(tested.store, info.bucket, info.name);
    expect(second?.metadata).toEqual({ a: '2' });
  });

  it('C12 dates writes and answers by one clock', async () => {
    const info = await made('', { a: '1' });
    const swapped = await tested.store.swapMetadata(info, { a: '2' });
    const seen = await tested.store.stat(info);
    expect(seen?.updated).toBe(swapped?.updated);
    // Dates of answers have whole seconds.
    expect(seen!.serverTimeMs - Date.parse(seen!.updated)).toBeGreaterThan(-1000);
    expect(seen!.serverTimeMs - Date.parse(info.timeCreated)).toBeLessThan(60_000);
  });

  it('C13 keeps objects without bytes, and names with any letter', async () => {
    for (const rest of ['/a b', '/ü#?%&+', '/..', '/\u{1f600}.jpg', `/${'n'.repeat(900)}`]) {
      const { info } = await tested.store.create(fresh(rest), new Uint8Array(), plain);
      expect(info.name).toMatch(rest.slice(-1));
      expect(await textOf(info)).toBe('');
      expect((await listed(tested.store, info.bucket, info.name)).map(({ name }) => name)).toEqual([
        info.name,
      ]);
    }
  });

  it('C14 stops when it is told to', async () => {
    const stopped = AbortSignal.abort();
    const info = await made();
    const calls = [
      tested.store.stat(info, stopped),
      tested.store.read(info, { maxBytes, signal: stopped }),
      tested.store.create(fresh(), new Uint8Array(), { ...plain, signal: stopped }),
      tested.store.swapMetadata(info, { a: '1' }, stopped),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  const textOf = async (info: ObjectInfo) => {
    const bytes = await tested.store.read(info, { maxBytes });
    return bytes && new TextDecoder().decode(bytes);
  };
});
