import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultyStorage } from '../../../support/faulty-storage.ts';
import { codeOf, eventually, fileAt, startEmulator, temporaryRoot } from './support.ts';

const KIB = 1024;
let emulator: FaultyStorage;
let root: string;
const file = (name: string) => fileAt(emulator.url, name);
const bytesOf = async (name: string) => (await file(name).download({ validation: 'crc32c' }))[0];
const stagedFiles = () => readdir(join(root, '.meta', 'staged'));

beforeEach(async () => {
  root = await temporaryRoot();
  emulator = await startEmulator({ root });
});

describe('the client', () => {
  it.each([
    ['in one request', 1_000_000, { resumable: false }],
    ['resumably, in chunks', 1_000_001, { resumable: true, chunkSize: 256 * KIB }],
    ['resumably, an exact multiple of the chunk', 512 * KIB, { resumable: true, chunkSize: 256 * KIB }],
  ])('uploads %s', async (_, size, options) => {
    const bytes = randomBytes(size);
    const metadata = { contentType: 'image/png', metadata: { k: 'v' } };
    await pipeline(Readable.from([bytes]), file('a').createWriteStream({ ...options, metadata }));
    expect((await bytesOf('a')).equals(bytes)).toBe(true);
    expect((await file('a').getMetadata())[0]).toMatchObject(metadata);
    expect(await stagedFiles()).toEqual([]);
  });

  it('resumes an upload where another one stopped', async () => {
    const bytes = randomBytes(512 * KIB);
    const [uri] = await file('a').createResumableUpload();
    await put(uri, bytes.subarray(0, 256 * KIB), `bytes 0-${256 * KIB - 1}/*`);
    const rest = file('a').createWriteStream({ uri, offset: 256 * KIB, resumable: true, validation: false });
    await pipeline(Readable.from([bytes.subarray(256 * KIB)]), rest);
    expect((await bytesOf('a')).equals(bytes)).toBe(true);
  });

  it.each([{ crc32c: 'AAAAAA==' }, { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' }])(
    'is told that %o is not the checksum, and nothing is kept',
    async (wrong) => {
      const save = file('a').save('bytes', { resumable: false, validation: false, metadata: wrong });
      expect(await codeOf(save)).toBe(400);
      expect(await file('a').exists()).toEqual([false]);
      expect(await stagedFiles()).toEqual([]);
    },
  );
});

const put = (uri: string, body: Uint8Array, range?: string, headers: Record<string, string> = {}) =>
  fetch(uri, {
    method: 'PUT',
    body: Buffer.from(body),
    headers: { ...headers, ...(range === undefined ? {} : { 'content-range': range }) },
  });

async function beginUpload(query = ''): Promise<string> {
  const url = `${emulator.url}/upload/storage/v1/b/input/o?uploadType=resumable&name=a${query}`;
  const response = await fetch(url, {
    method: 'POST',
    body: '{}',
    headers: { 'x-upload-content-type': 'a/b' },
  });
  return response.headers.get('location') ?? '';
}

describe('a resumable session', () => {
  it('says how much has come, takes overlaps once and finishes at the total', async () => {
    const uri = await beginUpload();
    const asked = await put(uri, Buffer.alloc(0), 'bytes */*');
    expect([asked.status, asked.headers.get('range')]).toEqual([308, null]);
    const first = await put(uri, Buffer.from('abcd'), 'bytes 0-3/*');
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-3']);
    const overlap = await put(uri, Buffer.from('cdef'), 'bytes 2-5/*');
    expect(overlap.headers.get('range')).toBe('bytes=0-5');
    expect(await file('a').exists()).toEqual([false]);
    const last = await put(uri, Buffer.from('gh'), 'bytes 6-7/8');
    expect([last.status, await last.json()]).toMatchObject([200, { size: '8', contentType: 'a/b' }]);
    expect((await bytesOf('a')).toString()).toBe('abcdefgh');
    const again = await put(uri, Buffer.alloc(0), 'bytes */8');
    expect([again.status, await again.json()]).toMatchObject([200, { size: '8' }]);
  });

  it.each(['bytes 0-*/*', undefined])('takes the whole object under the range %s', async (range) => {
    const response = await put(await beginUpload(), Buffer.from('abc'), range);
    expect(response.status).toBe(200);
    expect((await bytesOf('a')).toString()).toBe('abc');
  });

  it('refuses a gap, a malformed range, and a checksum that does not match', async () => {
    const uri = await beginUpload();
    expect((await put(uri, Buffer.from('z'), 'bytes 5-5/*')).status).toBe(503);
    expect((await put(uri, Buffer.from('z'), 'bytes five')).status).toBe(400);
    const wrong = { 'x-goog-hash': 'crc32c=AAAAAA==' };
    expect((await put(uri, Buffer.from('abc'), 'bytes 0-2/3', wrong)).status).toBe(400);
    expect(await file('a').exists()).toEqual([false]);
  });

  it('ends when cancelled', async () => {
    const uri = await beginUpload();
    expect((await fetch(uri, { method: 'DELETE' })).status).toBe(499);
    expect((await put(uri, Buffer.from('abc'), 'bytes 0-2/3')).status).toBe(404);
    expect(await stagedFiles()).toEqual([]);
  });

  it('checks preconditions when it begins and when it ends', async () => {
    const uri = await beginUpload('&ifGenerationMatch=0');
    await file('a').save('first', { resumable: false });
    expect((await put(uri, Buffer.from('abc'), 'bytes 0-2/3')).status).toBe(412);
    expect(await beginUpload('&ifGenerationMatch=0')).toBe('');
    expect((await bytesOf('a')).toString()).toBe('first');
  });
});

describe('requests as gcloud and others write them', () => {
  const multipart = (newline: string, boundary: string, data: Buffer, resource: unknown, end = newline) =>
    Buffer.concat([
      Buffer.from(
        [
          `--${boundary}`,
          'Content-Type: application/json',
          'MIME-Version: 1.0',
          '',
          JSON.stringify(resource),
          `--${boundary}`,
          'Content-Type: image/jpeg',
          'MIME-Version: 1.0',
          'Content-Transfer-Encoding: binary',
          '',
          '',
        ].join(newline),
      ),
      data,
      Buffer.from(`${newline}--${boundary}--${end}`),
    ]);
  const post = (body: Buffer, boundary: string, path = '/upload/storage/v1/b/input/o') =>
    fetch(`${emulator.url}${path}?uploadType=multipart`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    });

  it.each([
    ['CRLF', '\r\n', '\r\n'],
    ['LF without a last line end', '\n', ''],
  ])('takes multipart with %s and a quoted boundary, whatever the bytes', async (_, newline, end) => {
    const boundary = '===============7330845974216740156==';
    const tricky = [`${newline}--${boundary}`, `--${boundary}--`, newline, '\r', '\n\n'].map((text) =>
      Buffer.from(text),
    );
    const data = Buffer.concat([tricky[0]!, randomBytes(200_000), ...tricky]);
    const body = multipart(newline, boundary, data, { name: 'dir/a', metadata: { k: 'v' } }, end);
    const response = await post(body, `"${boundary}"`);
    expect(await response.json()).toMatchObject({
      name: 'dir/a',
      contentType: 'image/jpeg',
      metadata: { k: 'v' },
      md5Hash: createHash('md5').update(data).digest('base64'),
    });
    expect((await bytesOf('dir/a')).equals(data)).toBe(true);
  });

  it('takes it split at every byte', async () => {
    const body = multipart('\n', 'b', Buffer.from('bytes'), { name: 'split' });
    const status = await new Promise((resolve, reject) => {
      const headers = { 'content-type': 'multipart/related; boundary="b"' };
      const url = `${emulator.url}/upload/storage/v1/b/input/o?uploadType=multipart`;
      const sent = request(url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject);
      for (const byte of body) sent.write(Buffer.of(byte));
      sent.end();
    });
    expect(status).toBe(200);
    expect((await bytesOf('split')).toString()).toBe('bytes');
  });

  it.each([
    ['no closing boundary', Buffer.from('--b\n\n{"name":"a"}\n--b\n\nbytes'), 'b'],
    ['one part', Buffer.from('--b\n\n{"name":"a"}\n--b--'), 'b'],
    ['no JSON', Buffer.from('--b\n\n{"name\n--b\n\nbytes\n--b--'), 'b'],
    ['no name', Buffer.from('--b\n\n{}\n--b\n\nbytes\n--b--'), 'b'],
    ['half a character in its name', multipart('\n', 'b', Buffer.from('bytes'), { name: '\ud800' }), 'b'],
  ])('refuses multipart with %s', async (_, body, boundary) => {
    expect((await post(body, boundary)).status).toBe(400);
    expect(await stagedFiles()).toEqual([]);
  });

  it('takes a media upload by name, and by both forms of path', async () => {
    for (const path of [
      '/upload/storage/v1/b/input/o',
      '/upload/b/input/o',
      '/resumable/upload/storage/v1/b/input/o',
    ]) {
      const url = `${emulator.url}${path}?uploadType=media&name=m`;
      const response = await fetch(url, {
        method: 'POST',
        body: 'media',
        headers: { 'content-type': 'text/plain' },
      });
      expect(await response.json()).toMatchObject({ name: 'm', size: '5', contentType: 'text/plain' });
    }
  });

  it('keeps nothing of an upload that broke off', async () => {
    const sent = request(`${emulator.url}/upload/storage/v1/b/input/o?uploadType=media&name=a`, {
      method: 'POST',
      headers: { 'content-length': 100 },
    });
    sent.on('error', () => undefined);
    sent.write('part');
    await eventually(async () => expect(await stagedFiles()).toHaveLength(1));
    sent.destroy();
    await eventually(async () => expect(await stagedFiles()).toEqual([]));
    expect(await file('a').exists()).toEqual([false]);
  });
});
