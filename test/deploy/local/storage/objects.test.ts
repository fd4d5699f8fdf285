import { createHash, randomBytes } from 'node:crypto';
import { CRC32C, type File, type Storage } from '@google-cloud/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { clientOf, codeOf, createOnly, startEmulator } from './support.ts';

let emulator: FaultyStorage;
let storage: Storage;
const file = (name: string, bucket = 'input', generation?: string): File =>
  storage.bucket(bucket).file(name, generation === undefined ? {} : { generation });
const crc32cOf = (bytes: Buffer): string => {
  const crc = new CRC32C();
  crc.update(bytes);
  return crc.toString();
};
beforeEach(async () => {
  emulator = await startEmulator();
  storage = clientOf(emulator.url);
});

describe('metadata', () => {
  it('describes an upload as the service does', async () => {
    const bytes = randomBytes(1000);
    await file('dir/a photo.jpg').save(bytes, {
      ...createOnly,
      metadata: { contentType: 'image/jpeg', crc32c: crc32cOf(bytes), metadata: { job: 'j1' } },
    });
    const [metadata] = await file('dir/a photo.jpg').getMetadata();
    expect(metadata).toMatchObject({
      kind: 'storage#object',
      bucket: 'input',
      name: 'dir/a photo.jpg',
      metageneration: '1',
      size: '1000',
      contentType: 'image/jpeg',
      crc32c: crc32cOf(bytes),
      md5Hash: createHash('md5').update(bytes).digest('base64'),
      metadata: { job: 'j1' },
    });
    expect(metadata.generation).toMatch(/^\d{16}$/);
    expect(metadata.timeCreated).toBe(metadata.updated);
  });

  it('gives every upload a generation of its own', async () => {
    const generations = new Set<unknown>();
    for (let i = 0; i < 5; i++) {
      await file('a').save('x', { resumable: false });
      const [metadata] = await file('a').getMetadata();
      generations.add(metadata.generation);
    }
    expect(generations.size).toBe(5);
  });

  it('merges a patch, takes out null keys and counts metagenerations', async () => {
    await file('a').save('x', { ...createOnly, metadata: { metadata: { keep: '1', drop: '2' } } });
    const [patched] = await file('a').setMetadata({
      contentType: 'text/plain',
      metadata: { drop: null, add: '3' },
    });
    expect(patched).toMatchObject({
      metageneration: '2',
      contentType: 'text/plain',
      metadata: { keep: '1', add: '3' },
    });
  });

  it('refuses custom metadata that is not text', async () => {
    await file('a').save('x', createOnly);
    expect(await codeOf(file('a').setMetadata({ metadata: { attempts: 1 } }))).toBe(400);
  });
});

describe('preconditions', () => {
  it('lets exactly one of many creators win', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => codeOf(file('claim', 'control').save(`${i}`, createOnly))),
    );
    expect(outcomes.filter((code) => code === 'no failure')).toHaveLength(1);
    expect(outcomes.filter((code) => code === 412)).toHaveLength(19);
  });

  it('lets exactly one of many swaps win', async () => {
    await file('claim', 'control').save('', createOnly);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        codeOf(
          file('claim', 'control').setMetadata({ metadata: { owner: `${i}` } }, { ifMetagenerationMatch: 1 }),
        ),
      ),
    );
    expect(outcomes.filter((code) => code === 'no failure')).toHaveLength(1);
    expect(outcomes.filter((code) => code === 412)).toHaveLength(19);
    const [metadata] = await file('claim', 'control').getMetadata();
    expect(metadata.metageneration).toBe('2');
  });

  it('overwrites only the generation named', async () => {
    await file('a').save('1', createOnly);
    const generation = Number((await file('a').getMetadata())[0].generation);
    const overwrite = (ifGenerationMatch: number) =>
      codeOf(file('a').save('2', { resumable: false, preconditionOpts: { ifGenerationMatch } }));
    expect(await overwrite(generation - 1)).toBe(412);
    expect(await overwrite(generation)).toBe('no failure');
    expect(await overwrite(generation)).toBe(412);
  });

  it.each([
    ['ifGenerationNotMatch', 304],
    ['ifMetagenerationNotMatch', 304],
  ])('answers a read with %s of the current one by %i', async (name, status) => {
    await file('a').save('1', createOnly);
    const { generation } = (await file('a').getMetadata())[0];
    const value = name === 'ifGenerationNotMatch' ? generation : '1';
    const at = (value: unknown) => fetch(`${emulator.url}/storage/v1/b/input/o/a?${name}=${value}`);
    expect((await at(value)).status).toBe(status);
    expect((await at('7')).status).toBe(200);
  });

  it('answers a read with another generation or metageneration wanted by 412', async () => {
    await file('a').save('1', createOnly);
    const at = (query: string) => fetch(`${emulator.url}/b/input/o/a?${query}`);
    expect((await at('ifGenerationMatch=7')).status).toBe(412);
    expect((await at('ifMetagenerationMatch=7')).status).toBe(412);
    expect((await at('ifMetagenerationMatch=1')).status).toBe(200);
    expect((await at('ifGenerationMatch=x')).status).toBe(400);
  });

  it('answers 404 before 412 where there is no object', async () => {
    expect(await codeOf(file('a').setMetadata({}, { ifMetagenerationMatch: 1 }))).toBe(404);
    expect(await codeOf(file('a').delete())).toBe(404);
  });

  it('words an error as the service does', async () => {
    const response = await fetch(`${emulator.url}/storage/v1/b/input/o/none`);
    expect(await response.json()).toEqual({
      error: {
        code: 404,
        message: 'No such object: input/none',
        errors: [{ message: 'No such object: input/none', domain: 'global', reason: 'notFound' }],
      },
    });
  });
});

describe('generations', () => {
  it('serves the live one by number and no other', async () => {
    await file('a').save('old', { resumable: false });
    const old = String((await file('a').getMetadata())[0].generation);
    expect((await file('a', 'input', old).download())[0].toString()).toBe('old');
    await file('a').save('new', { resumable: false });
    expect(await codeOf(file('a', 'input', old).download())).toBe(404);
    expect(await codeOf(file('a', 'input', old).getMetadata())).toBe(404);
    expect((await file('a').download())[0].toString()).toBe('new');
  });

  it('deletes the generation named and then has none', async () => {
    await file('a').save('1', createOnly);
    expect(await codeOf(file('a', 'input', '7').delete())).toBe(404);
    await file('a').delete();
    expect(await file('a').exists()).toEqual([false]);
  });
});

describe('downloads', () => {
  it.each([0, 1, 300_000, 3_000_000])('returns %i bytes as they were, checksums verified', async (size) => {
    const bytes = randomBytes(size);
    await file('a').save(bytes, createOnly);
    const [downloaded] = await file('a').download({ validation: 'crc32c' });
    expect(downloaded.equals(bytes)).toBe(true);
  });

  it.each([
    [{ start: 2, end: 4 }, 'cde'],
    [{ start: 7 }, 'hij'],
    [{ start: 8, end: 99 }, 'ij'],
    [{ end: -3 }, 'hij'],
  ])('serves the range %o', async (range, expected) => {
    await file('a').save('abcdefghij', createOnly);
    expect((await file('a').download({ ...range, validation: false }))[0].toString()).toBe(expected);
  });

  it('answers 416 past the end', async () => {
    await file('a').save('abc', createOnly);
    const response = await fetch(`${emulator.url}/b/input/o/a?alt=media`, { headers: { range: 'bytes=3-' } });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */3');
  });

  it('says generation and checksums in headers, under every form of path', async () => {
    await file('dir/a').save('abc', createOnly);
    const [metadata] = await file('dir/a').getMetadata();
    for (const prefix of ['/storage/v1', '', '/download/storage/v1']) {
      const response = await fetch(`${emulator.url}${prefix}/b/input/o/dir%2Fa?alt=media`);
      expect(await response.text()).toBe('abc');
      expect(response.headers.get('x-goog-generation')).toBe(metadata.generation);
      expect(response.headers.get('x-goog-hash')).toBe(`crc32c=${metadata.crc32c},md5=${metadata.md5Hash}`);
    }
  });
});

describe('copies', () => {
  it('copies bytes and metadata, create-only', async () => {
    await file('a').save('abc', {
      ...createOnly,
      metadata: { contentType: 'image/png', metadata: { k: 'v' } },
    });
    await file('a').copy(file('b', 'output'), { preconditionOpts: { ifGenerationMatch: 0 } });
    const [metadata] = await file('b', 'output').getMetadata();
    expect(metadata).toMatchObject({ contentType: 'image/png', metadata: { k: 'v' }, size: '3' });
    expect((await file('b', 'output').download())[0].toString()).toBe('abc');
    const again = file('a').copy(file('b', 'output'), { preconditionOpts: { ifGenerationMatch: 0 } });
    expect(await codeOf(again)).toBe(412);
  });

  it('copies by copyTo with metadata of its own', async () => {
    await file('a').save('abc', { ...createOnly, metadata: { metadata: { k: 'v' } } });
    const response = await fetch(`${emulator.url}/storage/v1/b/input/o/a/copyTo/b/output/o/x%2Fb`, {
      method: 'POST',
      body: JSON.stringify({ metadata: { other: '1' } }),
    });
    expect(await response.json()).toMatchObject({ name: 'x/b', bucket: 'output', metadata: { other: '1' } });
  });
});

describe('buckets', () => {
  it('shows, lists and creates them', async () => {
    expect(await storage.bucket('input').exists()).toEqual([true]);
    expect(await storage.bucket('none').exists()).toEqual([false]);
    await storage.createBucket('another');
    const [buckets] = await storage.getBuckets();
    expect(buckets.map(({ name }) => name).sort()).toEqual(['another', 'control', 'input', 'output']);
    expect(await codeOf(storage.createBucket('another'))).toBe(409);
    expect(await codeOf(storage.createBucket('../up'))).toBe(400);
    expect(await codeOf(file('a', 'none').save('x', createOnly))).toBe(404);
  });
});

describe('the clock', () => {
  it('shows the server time as Date, and moves when told to', async () => {
    emulator.advance(3_600_000);
    const response = await fetch(`${emulator.url}/storage/v1/b/input`);
    const shownMs = Date.parse(response.headers.get('date') ?? '');
    expect(Math.abs(shownMs - Date.now() - 3_600_000)).toBeLessThan(5_000);
    await file('a').save('x', createOnly);
    const [metadata] = await file('a').getMetadata();
    expect(Date.parse(String(metadata.updated))).toBeGreaterThan(Date.now() + 3_500_000);
  });
});

it('answers no host but loopback, so that pages on the web cannot reach it', async () => {
  const { request } = await import('node:http');
  const status = await new Promise((resolve) => {
    request(`${emulator.url}/storage/v1/b`, { headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  expect(status).toBe(403);
});
