import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalSystem, startLocalSystem } from '../../deploy/local/system.ts';
import { type JobResource, jobSchema } from '../../lib/http-jobs/job-schema.ts';
import { type FaultyModel, startFaultyModel } from '../support/faulty-model.ts';
import { type StorageInstruments, storageInstruments } from '../support/faulty-storage.ts';
import { silentLog } from '../support/job-world.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';

const size = { width: 90, height: 70 };
const image = Uint8Array.from(await pipelineOf(wavePicture(size)).png().toBuffer());
const mask = Uint8Array.from(await maskPng(boxMask(size, { left: 40, top: 30, width: 9, height: 8 })));
const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });

let root: string;
let model: FaultyModel;
let system: LocalSystem;
let instruments: StorageInstruments;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'studio-'));
  model = await startFaultyModel({ scale: 1 / 4 });
  instruments = storageInstruments();
  const environment = { ENGINE: 'imagen', MODEL_BASE_URL: model.url, ALLOWED_MODELS: 'patchmatch' };
  const ports = { port: 0, storagePort: 0 };
  const storage = instruments.options;
  system = await startLocalSystem({ root, ...ports, log: silentLog, environment, storage });
});
afterAll(async () => {
  await system.close();
  await model.close();
  await rm(root, { recursive: true });
});

const at = (path: string) => `${system.url}/studio/${path}`;
const get = (path: string, headers: Record<string, string> = {}) => fetch(at(path), { headers });

function postJson(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const type = { 'content-type': 'application/json' };
  return fetch(at(path), { method: 'POST', headers: { ...type, ...headers }, body: JSON.stringify(body) });
}

/** A picture of its own for each job: the same bytes under a new key are a new job anyhow. */
const order = (fields: object = {}) => ({ image: base64(image), mask: base64(mask), ...fields });

async function jobIn(response: Response): Promise<JobResource> {
  const body: unknown = await response.json();
  const parsed = jobSchema.safeParse(body);
  if (!parsed.success) throw new Error(`${response.status} ${JSON.stringify(body)} ${parsed.error.message}`);
  return parsed.data;
}

const ended = async (id: string) => jobIn(await get(`jobs/${id}`, { prefer: 'wait=20' }));
const codeIn = async (response: Response) => ((await response.json()) as { code: string }).code;

test('a job from its files to its result, as a program sees it', async () => {
  const form = new FormData();
  form.set('image', new Blob([image]), 'b\u00e4r.png');
  form.set('mask', new Blob([mask]), 'm.png');
  form.set('engine', 'patchmatch');
  const created = await fetch(at('jobs'), { method: 'POST', body: form });
  const { id, links, state: atFirst } = await jobIn(created);
  const isOver = atFirst === 'succeeded';
  expect(created.status).toBe(isOver ? 200 : 202);
  expect(created.headers.get('location')).toBe(`jobs/${id}`);
  expect(created.headers.has('retry-after')).toBe(!isOver);

  const answer = await get(links.self, { prefer: 'wait=20' });
  const job = await jobIn(answer);
  expect(job).toMatchObject({
    state: 'succeeded',
    image: { format: 'png', ...size },
    progress: { fraction: 1 },
    outputs: [{ index: 1, mediaType: 'image/png', proof: { outside: 'exact', differingPixels: 0 } }],
    links: { manifest: `jobs/${id}/manifest` },
  });
  expect(job.image.name).toMatch(/^http\/\d{4}-\d\d-\d\d\/[^/]+\/b\u00e4r\.png$/);
  const etag = answer.headers.get('etag') ?? '';
  expect((await get(`jobs/${id}`, { 'if-none-match': etag })).status).toBe(304);

  const [output] = job.outputs;
  const whole = await get(output!.href);
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(bytes.length).toBe(output!.sizeBytes);
  expect(whole.headers.get('content-disposition')).toMatch(
    /^attachment; filename="b_r\.edited\.png"; filename\*=UTF-8''b%C3%A4r/,
  );
  const part = await get(output!.href, { range: 'bytes=10-19' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  expect(await codeIn(await get(output!.href, { range: `bytes=${bytes.length}-` }))).toBe(
    'RANGE_UNSATISFIABLE',
  );

  const before = await get(`jobs/${id}/inputs/image`);
  expect(Buffer.from(await before.arrayBuffer()).equals(image)).toBe(true);
  const preview = await get(`${output!.previewHref}?w=40`);
  const shown = await pipelineOfWebp(await preview.arrayBuffer());
  expect([preview.headers.get('content-type'), shown.width]).toEqual(['image/webp', 40]);
  expect(await (await get(links.self.replace(/$/, '/manifest'))).json()).toMatchObject({ job: id });

  const list = (await (await get(`jobs?state=succeeded&prefix=${encodeURIComponent('http/')}`)).json()) as {
    jobs: JobResource[];
  };
  expect(list.jobs.map((each) => each.id)).toContain(id);
  // The event of the upload found the same job.
  await system.storage.events.idle();
  expect(await foldersIn(job.image.name)).toEqual([id]);
});

async function twoAreas() {
  const wide = { width: 1600, height: 300 };
  const left = boxMask(wide, { left: 40, top: 100, width: 30, height: 30 });
  const right = boxMask(wide, { left: 1500, top: 100, width: 30, height: 30 });
  const both = { ...left, data: left.data.map((value, at) => Math.max(value, right.data[at] ?? 0)) };
  const picture = await pipelineOf(wavePicture(wide)).png().toBuffer();
  return { image: base64(picture), mask: base64(await maskPng(both)) };
}

async function pipelineOfWebp(bytes: ArrayBuffer) {
  const { sharp } = await import('../../lib/formats/vips/loaders.ts');
  return sharp(Buffer.from(bytes)).metadata();
}

const foldersIn = (imageName: string) => readdir(join(root, 'output', imageName));

describe('Idempotency-Key', () => {
  test('20 requests at once with one key make one job and one call of the model', async () => {
    model.reset();
    const headers = { 'idempotency-key': 'once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => postJson('jobs', order(), headers)));
    const ids = new Set<string>();
    for (const answer of answers) {
      if (answer.status === 409) expect(await codeIn(answer)).toBe('IDEMPOTENCY_IN_PROGRESS');
      else ids.add((await jobIn(answer)).id);
    }
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    expect(await ended(id)).toMatchObject({ state: 'succeeded', progress: { calls: { made: 1 } } });
    const again = await postJson('jobs', order(), { 'idempotency-key': '"once"' });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect((await jobIn(again)).id).toBe(id);
    await system.storage.events.idle();
    expect(model.calls()).toHaveLength(1);
    const other = await postJson('jobs', order({ samples: 2 }), headers);
    expect([other.status, await codeIn(other)]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });

  test.each(['', 'a'.repeat(256), '\u00fc'])('refuses the key %j', async (key) => {
    const answer = await postJson('jobs', order(), { 'idempotency-key': key });
    expect(await codeIn(answer)).toBe('IDEMPOTENCY_KEY_INVALID');
  });
});

test('cancelling ends a job before the next call of the model', async () => {
  model.reset();
  // Two areas far apart are two calls; held when the first one has been made.
  const held = { operations: ['create'], bucket: 'control', namePrefix: 'raw/' } as const;
  instruments.faults.set([{ kind: 'hang', at: 1, match: held }]);
  const { id } = await jobIn(await postJson('jobs', await twoAreas()));
  await vi.waitFor(() => expect(instruments.faults.hits()).toHaveLength(1), 10_000);
  expect(await jobIn(await get(`jobs/${id}`))).toMatchObject({ state: 'running' });
  const cancelled = await postJson(`jobs/${id}/cancel`, {});
  expect(cancelled.status).toBe(202);
  expect(await jobIn(cancelled)).toMatchObject({
    state: 'cancelled',
    problem: { code: 'CANCELLED_BY_CALLER' },
  });
  instruments.faults.release();
  await system.storage.events.idle();
  const job = await ended(id);
  expect(job).toMatchObject({ state: 'cancelled', outputs: [], progress: null });
  expect(await readdir(join(root, 'output', job.image.name, id))).toEqual(['error.json']);
  expect(model.calls()).toHaveLength(1);
  const done = await jobIn(await postJson('jobs', order({ engine: 'patchmatch' }), { prefer: 'wait=20' }));
  expect(done.state).toBe('succeeded');
  const late = await postJson(`jobs/${done.id}/cancel`, {});
  expect([late.status, await codeIn(late)]).toEqual([409, 'JOB_ENDED']);
});

test('an upload in parts becomes a job, and comes back by ranges', async () => {
  const whole = await bigTiff();
  const crc32c = (await import('../../lib/storage/crc32c.ts')).crc32cBase64(whole);
  const contentType = 'image/tiff';
  const wanted = { name: 'big.tif', sizeBytes: whole.length, contentType, crc32c };
  const { id, chunkBytes, location } = (await (await postJson('uploads', wanted)).json()) as {
    id: string;
    chunkBytes: number;
    location: string;
  };
  const put = (first: number, length: number) => {
    const body = whole.subarray(first, first + length);
    const range = `bytes ${first}-${first + body.length - 1}/${whole.length}`;
    return fetch(at(location), { method: 'PUT', headers: { 'content-range': range }, body });
  };
  const first = await put(0, chunkBytes);
  expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${chunkBytes - 1}`]);
  expect(await codeIn(await put(chunkBytes, 1000))).toBe('REQUEST_INVALID');
  const asks = { 'content-range': `bytes */${whole.length}` };
  expect((await fetch(at(location), { method: 'PUT', headers: asks })).status).toBe(308);
  expect((await put(chunkBytes, chunkBytes)).status).toBe(201);

  const source = {
    image: { upload: id },
    mask: base64(await maskPng(boxMask(bigSize, box))),
    engine: 'patchmatch',
  };
  const plan = await postJson('jobs?dryRun=true', source);
  expect(await plan.json()).toMatchObject({ outputFormat: 'tiff', outside: 'exact', calls: { max: 0 } });
  const job = await jobIn(await postJson('jobs', source, { prefer: 'wait=20' }));
  expect(job.state).toBe('succeeded');
  const parts: Buffer[] = [];
  const { sizeBytes, href } = job.outputs[0]!;
  for (let start = 0; start < sizeBytes; start += 5_000_000) {
    const part = await get(href, { range: `bytes=${start}-${start + 4_999_999}` });
    parts.push(Buffer.from(await part.arrayBuffer()));
  }
  const stored = await (await import('node:fs/promises')).readFile(
    join(root, 'output', job.outputs[0]!.uri.slice('gs://output/'.length)),
  );
  expect(hash(Buffer.concat(parts))).toBe(hash(stored));
});

const bigSize = { width: 2200, height: 1500 };
const box = { left: 700, top: 700, width: 20, height: 20 };
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Noise is not compressed: more than one part, less than two. */
async function bigTiff(): Promise<Uint8Array<ArrayBuffer>> {
  const { sharp } = await import('../../lib/formats/vips/loaders.ts');
  const raw = { ...bigSize, channels: 3 as const };
  const tiff = sharp(randomBytes(bigSize.width * bigSize.height * 3), { raw }).tiff({ compression: 'none' });
  return Uint8Array.from(await tiff.toBuffer());
}

test('a job of a picture that lies in the input bucket; no event is needed', async () => {
  instruments.sendEvents(0);
  const job = await jobIn(await postJson('jobs', order({ engine: 'patchmatch' }), { prefer: 'wait=20' }));
  const uri = `gs://input/${job.image.name}`;
  const second = { ...order({ engine: 'patchmatch' }), image: { uri } };
  expect(await jobIn(await postJson('jobs', second, { prefer: 'wait=20' }))).toMatchObject({
    state: 'succeeded',
  });
  for (const other of [`gs://control/http-jobs/${job.id}`, 'gs://input/none.png', 'gs://other/a.png'])
    expect(await codeIn(await postJson('jobs', { ...second, image: { uri: other } }))).toBe(
      'URI_NOT_ALLOWED',
    );
});

test('plans from the mask alone', async () => {
  const body = { mask: base64(mask), ...size, samples: 2 };
  const plan = await postJson('plan', body);
  expect(await plan.json()).toMatchObject({
    regions: [{ scale: expect.any(Number) }],
    calls: { min: 1 },
    costEstimateUsd: { min: expect.closeTo(0.08) },
    maskCoverage: expect.closeTo(72 / 6300),
    warnings: [expect.stringContaining('imagen-3.0-capability-001 is retired')],
  });
  const wrong = await postJson('plan', { ...body, width: 0 });
  expect(await wrong.json()).toMatchObject({ errors: [{ pointer: '#/width' }] });
});

test('tells its capabilities', async () => {
  const told = (await (await get('capabilities')).json()) as {
    engines: { name: string; notices: string[] }[];
  };
  expect(told).toMatchObject({ engine: 'imagen', fields: { properties: { featherPx: { maximum: 256 } } } });
  expect(told.engines.map(({ name }) => name).sort()).toEqual(['imagen', 'patchmatch']);
  expect(told.engines.map(({ notices }) => notices.length)).toEqual([1, 0]);
});

test.each<[string, () => Promise<Response>, number, string]>([
  ['an id that is none', () => get('jobs/0123456789abcdef'), 404, 'NOT_FOUND'],
  ['another address', () => get('jobs/xyz'), 404, 'NOT_FOUND'],
  ['another method', () => fetch(at('jobs'), { method: 'PUT' }), 405, 'METHOD_NOT_ALLOWED'],
  ['no mask', () => postJson('jobs', { image: base64(image) }), 422, 'MASK_MISSING'],
  ['a field that is wrong', () => postJson('jobs', order({ featherPx: -1 })), 400, 'REQUEST_INVALID'],
  [
    'an engine that is not allowed',
    () => postJson('jobs', order({ engine: 'gemini' })),
    422,
    'ENGINE_UNSUPPORTED',
  ],
  [
    'an upload that never was',
    () => postJson('jobs', { ...order(), image: { upload: crypto.randomUUID() } }),
    404,
    'NOT_FOUND',
  ],
  ['a query', () => get('jobs?stat=failed'), 400, 'REQUEST_INVALID'],
  ['a state that is none', () => get('jobs?state=done'), 400, 'REQUEST_INVALID'],
  ['another site', () => postJson('jobs', order(), { 'sec-fetch-site': 'cross-site' }), 403, 'CROSS_SITE'],
])('refuses %s', async (_, ask, status, code) => {
  const answer = await ask();
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect([answer.status, await codeIn(answer)]).toEqual([status, code]);
});
