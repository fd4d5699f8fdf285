import { beforeAll, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { wire } from '../../lib/wiring.ts';
import { serveFunction } from '../support/listening.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';

type Part = Uint8Array<ArrayBuffer> | string;
type Parts = Readonly<Record<string, Part>>;

const size = { width: 120, height: 90 };
const photo = wavePicture(size);
const image = Uint8Array.from(await pipelineOf(photo).png().toBuffer());
const box = { left: 50, top: 40, width: 14, height: 12 };
const mask = Uint8Array.from(await maskPng(boxMask(size, box)));
const smallMask = Uint8Array.from(await maskPng(boxMask({ width: 50, height: 50 }, { ...box, top: 5 })));

const lines: { readonly message: string; readonly fields: object | undefined }[] = [];
const log = (message: string, fields?: object) => void lines.push({ message, fields });
let url: string;
beforeAll(async () => {
  registerFunctions(wire(readConfig({ MAX_IMAGE_BYTES: '200000' }), { info: log, warn: log, error: log }));
  url = await serveFunction('edit');
});

function form(parts: Parts): RequestInit {
  const body = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') body.set(name, part);
    else body.set(name, new Blob([part]), 'f');
  }
  return { method: 'POST', body };
}

test('answers a form with image and mask with the edited image', async () => {
  const response = await fetch(url, form({ image, mask, seed: '7' }));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('inpaint-engine')).toBe('patchmatch');
  const data = await sharp(Buffer.from(await response.arrayBuffer()))
    .raw()
    .toBuffer();
  const isInside = (p: number) => p % 120 >= 50 && p % 120 < 64 && p / 120 >= 40 && p / 120 < 52;
  const differing = Array.from({ length: 120 * 90 }, (_, p) => p).filter(
    (p) => data[p * 3] !== photo.data[p * 3],
  );
  expect(differing.filter((p) => !isInside(p))).toEqual([]);
  expect(differing.length).toBeGreaterThan(0);
});

test('takes a keep mask, and refuses one that leaves nothing to copy', async () => {
  const keep = (part: typeof box) => maskPng(boxMask(size, part)).then((png) => Uint8Array.from(png));
  const some = await fetch(url, form({ image, mask, keep: await keep({ ...box, left: 90 }) }));
  const all = await fetch(url, form({ image, mask, keep: await keep({ left: 0, top: 0, ...size }) }));
  expect([some.status, all.status]).toEqual([200, 422]);
  expect(await all.json()).toMatchObject({ code: 'KEEP_FULL' });
});

test('tells in headers what was kept, what it cost and what was noticed', async () => {
  const body = new FormData();
  body.set('image', new Blob([image]), 'beach.png');
  body.set('mask', new Blob([mask]), 'm.png');
  const { headers } = await fetch(url, { method: 'POST', body });
  expect(Object.fromEntries(headers)).toMatchObject({
    ...{ 'inpaint-engine': 'patchmatch', 'inpaint-proof': 'exact; differing=0', 'inpaint-candidates': '1' },
    ...{ 'inpaint-cost-usd': '0', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    'cross-origin-resource-policy': 'same-origin',
    'content-disposition': `inline; filename="beach.edited.png"; filename*=UTF-8''beach.edited.png`,
  });
});

test('takes the type of a form in any case', async () => {
  const { headers, body } = new Response(form({ image, mask }).body);
  const type = headers.get('content-type')?.replace('multipart/form-data', 'Multipart/Form-Data') ?? '';
  const bytes = await new Response(body).arrayBuffer();
  const response = await fetch(url, { method: 'POST', body: bytes, headers: { 'content-type': type } });
  expect(response.status).toBe(200);
});

test('takes the empty file of a browser for a mask that was not sent', async () => {
  const body = new FormData();
  body.set('image', new Blob([image]), 'f');
  body.set('mask', new Blob([]), '');
  const response = await fetch(url, { method: 'POST', body });
  expect(await response.json()).toMatchObject({ code: 'MASK_MISSING' });
});

const post = (type: string, body: string) => ({ method: 'POST', body, headers: { 'content-type': type } });
const insertion = { mode: 'insertion', prompt: 'a red kite over the sea' };
const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`field${i}`, 'x']));
function twice(name: string): RequestInit {
  const body = new FormData();
  for (const part of [image, image]) body.append(name, new Blob([part]), 'f');
  return { method: 'POST', body };
}
type Refused = [string, RequestInit, number, string, string?, string?];
const refused: Refused[] = [
  ['GET', {}, 405, 'METHOD_NOT_ALLOWED'],
  ['no form', post('application/json', '{}'), 400, 'REQUEST_INVALID'],
  ['a broken form', post('multipart/form-data; boundary=x', 'nonsense'), 400, 'REQUEST_INVALID'],
  ['no image', form({ mask }), 400, 'REQUEST_INVALID', 'Expected a file named image, got none'],
  ['no mask', form({ image }), 422, 'MASK_MISSING'],
  ['another file', form({ image, mask, picture: image }), 400, 'REQUEST_INVALID', '"picture"'],
  ['an unknown field', form({ image, mask, sed: '7' }), 400, 'REQUEST_INVALID', 'sed'],
  ...['constructor', '__proto__', 'toString'].map(
    (name): Refused => [name, form({ image, mask, [name]: 'x' }), 400, 'REQUEST_INVALID', name],
  ),
  ['two files of one name', twice('image'), 400, 'REQUEST_INVALID', 'one file image'],
  ['more fields than there are', form({ image, ...many }), 400, 'REQUEST_INVALID', 'at most 64 fields'],
  ['a query', form({ image, mask }), 400, 'REQUEST_INVALID', 'dryRan', '?dryRan=true'],
  ['a field out of range', form({ image, mask, featherPx: '9999' }), 400, 'REQUEST_INVALID', 'featherPx'],
  ['not an image', form({ image: Uint8Array.of(1, 2, 3), mask }), 422, 'IMAGE_UNREADABLE'],
  ['too many bytes', form({ image: new Uint8Array(200_001), mask }), 413, 'IMAGE_TOO_LARGE'],
  ['a mask of another size', form({ image, mask: smallMask }), 422, 'MASK_SIZE_MISMATCH'],
  ['insertion by the embedded engine', form({ image, mask, ...insertion }), 422, 'ENGINE_UNSUPPORTED'],
];

test.each(refused)(
  'refuses %s as a problem with a code',
  async (_, init, status, code, message = '', query = '') => {
    const response = await fetch(url + query, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const [detail, remedy] = [expect.stringContaining(message), expect.stringMatching(/./)];
    expect(await response.json()).toMatchObject({
      ...{
        type: `urn:gcs-inpaint:error:${code}`,
        title: expect.stringMatching(/./),
        status,
        detail,
        code,
        remedy,
      },
      error: { code, message: detail, remedy },
    });
  },
);

test('points at each field and parameter that is wrong, and repeats no flood of names', async () => {
  const pointers = async (to: string, init: RequestInit) => {
    const { errors = [] } = (await (await fetch(to, init)).json()) as { errors?: { pointer: string }[] };
    return errors.map(({ pointer }) => pointer);
  };
  const wrong = { image, mask, featherPx: '9999', constructor: 'x', 'a/b': 'x' };
  expect(await pointers(url, form(wrong))).toEqual(['#/featherPx', '#/constructor', '#/a~1b']);
  const query = '?dryRan=true&samples=4';
  expect(await pointers(url + query, form({ image, mask }))).toEqual(['?dryRan', '?samples']);
  const flood = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${'k'.repeat(80)}${i}`, 'x']));
  const answer = await (await fetch(url, form({ image, mask, ...flood }))).text();
  expect(answer.length).toBeLessThan(6000);
});

test("names the trace in an error when the caller's is known", async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answers = [{ traceparent: `00-${traceId}-b7ad6b7169203331-01` }, {}].map(async (headers) => {
    const response = await fetch(url, { headers });
    return ((await response.json()) as { error: { trace?: string } }).error.trace;
  });
  expect(await Promise.all(answers)).toEqual([traceId, undefined]);
});

test('logs one line for each request, and never a prompt', async () => {
  const before = lines.length;
  await fetch(url, form({ image, mask, ...insertion }));
  await fetch(url, form({ image, mask }));
  expect(lines.length).toBe(before + 2);
  expect(JSON.stringify(lines)).not.toContain('kite');
});
