import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { wire } from '../../lib/wiring.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';

const size = { width: 120, height: 90 };
const photo = wavePicture(size);
const lines: { readonly message: string; readonly fields: object | undefined }[] = [];
const log = (message: string, fields?: object) => void lines.push({ message, fields });
let server: Server;
let url: string;
let image: Uint8Array<ArrayBuffer>;
let mask: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  image = Uint8Array.from(await pipelineOf(photo).png().toBuffer());
  mask = Uint8Array.from(await maskPng(boxMask(size, { left: 50, top: 40, width: 14, height: 12 })));
  registerFunctions(wire(readConfig({ MAX_IMAGE_BYTES: '200000' }), { info: log, warn: log, error: log }));
  server = getTestServer('edit');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => void server.close());

function form(parts: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>): RequestInit {
  const body = new FormData();
  for (const [name, part] of Object.entries(parts))
    body.set(
      name,
      typeof part === 'string' ? part : new Blob([part]),
      ...(typeof part === 'string' ? [] : (['f'] as [string])),
    );
  return { method: 'POST', body };
}

async function failure(init: RequestInit) {
  const response = await fetch(url, init);
  const { error } = (await response.json()) as { error: { code: string; message: string; remedy: string } };
  expect(error.remedy).not.toBe('');
  return { status: response.status, code: error.code, message: error.message };
}

test('a form with image and mask is answered by the edited image', async () => {
  const response = await fetch(url, form({ image, mask, seed: '7' }));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('inpaint-engine')).toBe('patchmatch');
  const { data } = await sharp(Buffer.from(await response.arrayBuffer()))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const isInside = (p: number) => p % 120 >= 50 && p % 120 < 64 && p / 120 >= 40 && p / 120 < 52;
  const differing = Array.from({ length: 120 * 90 }, (_, p) => p).filter(
    (p) => data[p * 3] !== photo.data[p * 3],
  );
  expect(differing.filter((p) => !isInside(p))).toEqual([]);
  expect(differing.length).toBeGreaterThan(0);
});

test('JSON on request: candidates in base64 and the report', async () => {
  const response = await fetch(url, { ...form({ image, mask }), headers: { accept: 'application/json' } });
  const { outputs, report } = (await response.json()) as {
    outputs: { mediaType: string; bytesBase64Encoded: string }[];
    report: { proofs: unknown[] };
  };
  expect(outputs).toHaveLength(1);
  expect(Buffer.from(outputs[0]!.bytesBase64Encoded, 'base64').subarray(1, 4).toString()).toBe('PNG');
  expect(report.proofs).toEqual([expect.objectContaining({ outside: 'exact', differingPixels: 0 })]);
});

describe('errors are JSON with a code', () => {
  test('GET', async () =>
    expect(await failure({})).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' }));
  test('no form', async () =>
    expect(
      await failure({ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
    ).toMatchObject({ status: 400, code: 'REQUEST_INVALID' }));
  test('a broken form', async () =>
    expect(
      await failure({
        method: 'POST',
        body: 'nonsense',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      }),
    ).toMatchObject({ status: 400, code: 'REQUEST_INVALID' }));
  test('no image', async () =>
    expect(await failure(form({ mask }))).toMatchObject({
      status: 400,
      message: 'Expected a file named image, got none',
    }));
  test('no mask', async () =>
    expect(await failure(form({ image }))).toMatchObject({ status: 422, code: 'MASK_MISSING' }));
  test('another file', async () =>
    expect(await failure(form({ image, mask, picture: image }))).toMatchObject({
      status: 400,
      message: expect.stringContaining('"picture"'),
    }));
  test('an unknown field', async () =>
    expect(await failure(form({ image, mask, sed: '7' }))).toMatchObject({
      status: 400,
      message: expect.stringContaining('sed'),
    }));
  test('a field out of range', async () =>
    expect(await failure(form({ image, mask, featherPx: '9999' }))).toMatchObject({
      status: 400,
      message: expect.stringContaining('featherPx'),
    }));
  test('not an image', async () =>
    expect(await failure(form({ image: Uint8Array.of(1, 2, 3), mask }))).toMatchObject({
      status: 422,
      code: 'IMAGE_UNREADABLE',
    }));
  test('too many bytes', async () =>
    expect(await failure(form({ image: new Uint8Array(200_001), mask }))).toMatchObject({
      status: 413,
      code: 'IMAGE_TOO_LARGE',
    }));
  test('a mask of another size', async () => {
    const other = Uint8Array.from(
      await maskPng(boxMask({ width: 50, height: 50 }, { left: 5, top: 5, width: 9, height: 9 })),
    );
    expect(await failure(form({ image, mask: other }))).toMatchObject({
      status: 422,
      code: 'MASK_SIZE_MISMATCH',
    });
  });
  test('insertion by an engine that only removes', async () =>
    expect(
      await failure(form({ image, mask, mode: 'insertion', prompt: 'a red kite over the sea' })),
    ).toMatchObject({ status: 422, code: 'ENGINE_UNSUPPORTED' }));
});

test("an error names its trace, where the caller's is known", async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answers = [{ traceparent: `00-${traceId}-b7ad6b7169203331-01` }, {}].map(async (headers) => {
    const response = await fetch(url, { headers });
    return ((await response.json()) as { error: { trace?: string } }).error.trace;
  });
  expect(await Promise.all(answers)).toEqual([traceId, undefined]);
});

test('one line for each request, and never a prompt in it', () => {
  expect(lines.length).toBe(16);
  expect(JSON.stringify(lines)).not.toContain('kite');
});
