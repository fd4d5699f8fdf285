import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { clientOf, codeOf, createOnly, fileAt, startEmulator } from './support.ts';

let emulator: FaultyStorage;
const file = (name: string, bucket?: string, generation?: string) =>
  fileAt(emulator.url, name, bucket, generation);
beforeEach(async () => {
  emulator = await startEmulator();
});

describe('metadata', () => {
  it('describes an upload as the service does', async () => {
    const bytes = randomBytes(1000);
    await file('dir/a photo.jpg').save(bytes, {
      ...createOnly,
      metadata: { contentType: 'image/jpeg', metadata: { job: 'j1' } },
    });
    const [metadata] = await file('dir/a photo.jpg').getMetadata();
    expect(metadata).toMatchObject({
      kind: 'storage#object',
      bucket: 'input',
      name: 'dir/a photo.jpg',
      metageneration: '1',
      size: '1000',
      contentType: 'image/jpeg',
      md5Hash: createHash('md5').update(bytes).digest('base64'),
      metadata: { job: 'j1' },
    });
    expect(metadata.generation).toMatch(/^\d{16}$/);
    expect(metadata.timeCreated).toBe(metadata.updated);
    // The client computes both checksums again.
    await file('dir/a photo.jpg').download({ validation: 'crc32c' });
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
    ['ifGenerationMatch=7', 412],
    ['ifMetagenerationMatch=7', 412],
    ['ifMetagenerationMatch=1', 200],
    ['ifMetagenerationNotMatch=1', 304],
    ['ifGenerationNotMatch=7', 200],
    ['ifGenerationMatch=x', 400],
  ])('answers a read with %s by %i', async (query, status) => {
    await file('a').save('1', createOnly);
    expect((await fetch(`${emulator.url}/storage/v1/b/input/o/a?${query}`)).status).toBe(status);
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
  it('deletes the generation named and then has none', async () => {
    await file('a').save('1', createOnly);
    expect(await codeOf(file('a', 'input', '7').delete())).toBe(404);
    await file('a').delete();
    expect(await file('a').exists()).toEqual([false]);
  });
});

describe('downloads', () => {
  it.each([0, 1, 3_000_000])('returns %i bytes as they were, checksums verified', async (size) => {
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

  it('gives a copy metadata of its own', async () => {
    await file('a').save('abc', { ...createOnly, metadata: { metadata: { k: 'v' } } });
    await file('a').copy(file('x/b', 'output'), { metadata: { other: '1' } });
    const [metadata] = await file('x/b', 'output').getMetadata();
    expect(metadata).toMatchObject({ name: 'x/b', bucket: 'output', metadata: { other: '1' } });
  });
});

describe('buckets', () => {
  it('shows and lists them', async () => {
    const storage = clientOf(emulator.url);
    expect(await storage.bucket('input').exists()).toEqual([true]);
    expect(await storage.bucket('none').exists()).toEqual([false]);
    const [buckets] = await storage.getBuckets();
    expect(buckets.map(({ name }) => name).sort()).toEqual(['control', 'input', 'output']);
    expect(await codeOf(file('a', 'none').save('x', createOnly))).toBe(404);
  });
});

it('shows its clock as Date and in metadata', async () => {
  emulator.advance(3_600_000);
  await file('a').save('x', createOnly);
  const response = await fetch(`${emulator.url}/storage/v1/b/input/o/a`);
  const { updated } = (await response.json()) as { updated: string };
  for (const shown of [response.headers.get('date') ?? '', updated])
    expect(Math.abs(Date.parse(shown) - Date.now() - 3_600_000)).toBeLessThan(5_000);
});

it('refuses hosts other than loopback, so that web pages cannot reach it', async () => {
  const sent = request(`${emulator.url}/storage/v1/b`, { headers: { host: 'evil.example' } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(403);
});
