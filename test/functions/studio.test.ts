import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type JobResource, jobSchema } from '../../lib/http-jobs/job-schema.ts';
import { storageInstruments } from '../support/faulty-storage.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { image, mask, size } from '../support/small-pair.ts';
import { useFaultyModel, useLocalSystem } from '../support/use.ts';

const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });

const model = await useFaultyModel({ scale: 1 / 4 });
const instruments = storageInstruments();
const environment = {
  ENGINE: 'imagen',
  MODEL_BASE_URL: model.url,
  ALLOWED_MODELS: 'patchmatch,image-segmentation-001',
};
const { root, system } = await useLocalSystem({ environment, storage: instruments.options });

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
    progress: { fraction: 1, calls: { made: 0, planned: 0 } },
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

  const before = await get(`jobs/${id}/inputs/image`);
  expect(Buffer.from(await before.arrayBuffer()).equals(image)).toBe(true);
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
  const stored = await readFile(join(root, 'output', job.outputs[0]!.uri.slice('gs://output/'.length)));
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

test('an edit leaves its results in the output bucket, and writes nothing twice', async () => {
  const edit = async (fields: object) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(order({ engine: 'patchmatch', samples: 2, ...fields }));
    return fetch(`${system.url}/edit`, { method: 'POST', headers, body });
  };
  const kept = async (fields: object) => {
    const answer = await edit(fields);
    expect([answer.status, answer.headers.get('inpaint-candidates')]).toEqual([200, '2']);
    return (await answer.json()) as { outputs: { mediaType: string; uri: string }[]; report: object };
  };
  const { outputs, report } = await kept({ output: 'bucket' });
  expect(report).toMatchObject({ engine: 'patchmatch', proofs: [{ differingPixels: 0 }, {}] });
  const names = outputs.map(({ uri }) => uri.slice('gs://output/'.length));
  expect(names[0]).toMatch(/^http\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}\/picture\.edited\.1\.png$/);
  const sizes = await Promise.all(
    names.map(async (name) => (await readFile(join(root, 'output', name))).length),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(1000);
  const twice = await Promise.all([
    kept({ storageUri: 'gs://output/mine' }),
    kept({ storageUri: 'gs://output/mine/' }),
  ]);
  const uris = twice.flatMap((each) => each.outputs.map(({ uri }) => uri));
  expect(uris[0]).toMatch(/^gs:\/\/output\/mine\/[0-9a-f-]{36}\/picture\.edited\.1\.png$/);
  expect(new Set(uris).size).toBe(4);
  expect(await codeIn(await edit({ storageUri: 'gs://input/mine' }))).toBe('URI_NOT_ALLOWED');
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
    engines: { notices: string[] }[];
    finders: { classes: string[] }[];
  };
  expect(told).toMatchObject({ engine: 'imagen', fields: { properties: { featherPx: { maximum: 256 } } } });
  expect(told.engines).toMatchObject([
    { name: 'imagen', finders: ['imagen', 'segmentation', 'people'] },
    { name: 'patchmatch', finders: ['segmentation', 'people'] },
  ]);
  expect(told.engines.map(({ notices }) => notices.length)).toEqual([1, 0]);
  expect(told.finders).toMatchObject([
    { name: 'imagen', modes: expect.not.arrayContaining(['prompt']) },
    { name: 'segmentation', modes: expect.arrayContaining(['prompt', 'interactive']) },
    { name: 'people', classes: ['person'] },
  ]);
  expect(told.finders[1]?.classes).toContain('cell phone');
});

test('a file of a job: unchanged, in parts, and as a preview', async () => {
  const job = await jobIn(await postJson('jobs', order({ engine: 'patchmatch' }), { prefer: 'wait=20' }));
  const { href, previewHref, sizeBytes } = job.outputs[0]!;
  const whole = await get(href);
  const etag = whole.headers.get('etag') ?? '';
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(whole.headers.get('accept-ranges')).toBe('bytes');
  const known = await get(href, { 'if-none-match': etag });
  expect([known.status, (await known.arrayBuffer()).byteLength]).toEqual([304, 0]);
  expect((await get(href, { 'if-none-match': '"other"' })).status).toBe(200);
  const rangeOf = async (range: string, headers: Record<string, string> = {}) => {
    const answer = await get(href, { range, ...headers });
    return [answer.status, answer.headers.get('content-range'), (await answer.arrayBuffer()).byteLength];
  };
  const partOf = (first: number, last: number) => {
    const length = last - first + 1;
    return length === sizeBytes ? [200, null, length] : [206, `bytes ${first}-${last}/${sizeBytes}`, length];
  };
  expect(await rangeOf('bytes=-5')).toEqual(partOf(sizeBytes - 5, sizeBytes - 1));
  expect(await rangeOf('bytes=3-999999999')).toEqual(partOf(3, sizeBytes - 1));
  const refused = await get(href, { range: `bytes=${sizeBytes}-` });
  expect([refused.status, refused.headers.get('content-range')]).toEqual([416, `bytes */${sizeBytes}`]);
  expect(await codeIn(refused)).toBe('RANGE_UNSATISFIABLE');
  // The whole file for what is no single range, and where the part would be of another version.
  for (const range of ['lines=1-2', 'bytes=0-1,4-5', 'bytes='])
    expect(await rangeOf(range)).toEqual(partOf(0, sizeBytes - 1));
  expect(await rangeOf('bytes=0-1', { 'if-range': '"other"' })).toEqual(partOf(0, sizeBytes - 1));
  expect(await rangeOf('bytes=0-1', { 'if-range': etag })).toEqual(partOf(0, 1));
  const part = await get(href, { range: 'bytes=10-19' });
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);

  const narrow = await pipelineOfWebp(await (await get(`${previewHref}?w=40`)).arrayBuffer());
  expect(narrow.width).toBe(40);
  const preview = await get(`${previewHref}?w=2048`);
  expect(preview.headers.get('cache-control')).toMatch(/max-age/);
  const seen = await pipelineOfWebp(await preview.arrayBuffer());
  expect([seen.format, seen.width]).toEqual(['webp', size.width]);
  for (const w of ['8', '5000', 'x']) {
    expect(await (await get(`${previewHref}?w=${w}`)).json()).toMatchObject({ errors: [{ pointer: '?w' }] });
  }
  for (const none of ['outputs/2', 'mask', 'preview'])
    expect(await codeIn(await get(`jobs/${job.id}/${none}`))).toBe('NOT_FOUND');
  expect(bytes.length).toBe(sizeBytes);
});

test('who knows an earlier state is told the newer one at once', async () => {
  instruments.faults.reset();
  instruments.faults.set([
    { kind: 'hang', at: 1, match: { operations: ['create'], bucket: 'control', namePrefix: 'raw/' } },
  ]);
  const created = await postJson('jobs', order());
  const { id } = await jobIn(created);
  const early = created.headers.get('etag') ?? '';
  await vi.waitFor(() => expect(instruments.faults.hits()).toHaveLength(1), 10_000);
  const running = await get(`jobs/${id}`);
  expect(await jobIn(running)).toMatchObject({ state: 'running' });
  const stale = await get(`jobs/${id}`, { 'if-none-match': '"stale"', prefer: 'wait=20' });
  expect(await jobIn(stale)).toMatchObject({ state: 'running' });
  // Nothing changes now: this waits.
  const waiting = get(`jobs/${id}`, { 'if-none-match': running.headers.get('etag')!, prefer: 'wait=20' });
  instruments.faults.release();
  let seen = await waiting;
  while (seen.status === 200 && (await jobIn(seen.clone())).state === 'running')
    seen = await get(`jobs/${id}`, { 'if-none-match': seen.headers.get('etag')!, prefer: 'wait=20' });
  expect(await jobIn(seen)).toMatchObject({ state: 'succeeded' });
  const last = { 'if-none-match': seen.headers.get('etag')!, prefer: 'wait=60' };
  expect((await get(`jobs/${id}`, last)).status).toBe(304);
  const late = await get(`jobs/${id}`, { 'if-none-match': early, prefer: 'wait=60' });
  expect([late.status, (await jobIn(late)).state]).toEqual([200, 'succeeded']);
});

test('one body too many is told 429; clients that leave leave neither a timer nor a taken place behind', async () => {
  // Spaces are valid JSON.
  const body = `${JSON.stringify(order())}${' '.repeat(1024 * 1024)}`;
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  instruments.faults.reset();
  instruments.faults.set([
    {
      kind: 'hang',
      at: 1,
      times: 2,
      match: { operations: ['create'], bucket: 'control', namePrefix: 'raw/' },
    },
  ]);
  const before = timers();
  const leave = new AbortController();
  const { signal } = leave;
  const headers = { 'content-type': 'application/json', prefer: 'wait=60' };
  const send = () => fetch(at('jobs'), { method: 'POST', headers, body, signal });
  const waiting = [send(), send()];
  await vi.waitFor(() => expect(instruments.faults.hits()).toHaveLength(2), 30_000);
  const { jobs } = (await (await get('jobs?state=running')).json()) as { jobs: JobResource[] };
  expect(jobs).toHaveLength(2);
  const watching = Array.from({ length: 20 }, () =>
    fetch(at(`jobs/${jobs[0]!.id}`), { headers: { prefer: 'wait=60' }, signal }),
  );
  const refused = await send();
  expect([refused.status, await codeIn(refused)]).toEqual([429, 'TOO_BUSY']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  leave.abort();
  await Promise.allSettled([...waiting, ...watching]);
  const next = () => fetch(at('jobs?dryRun=true'), { method: 'POST', headers, body });
  await vi.waitFor(async () => expect((await next()).status).toBe(200), 10_000);
  instruments.faults.release();
  // The client's own connections keep some.
  await vi.waitFor(() => expect(timers()).toBeLessThan(before + watching.length / 2), 10_000);
}, 60_000);

test('lists jobs page by page, each once', async () => {
  const pageOf = async (token: string | null) => {
    const query = token === null ? '' : `&pageToken=${token}`;
    const answer = await get(`jobs?pageSize=2&prefix=http/${query}`);
    return (await answer.json()) as { jobs: JobResource[]; nextPageToken: string | null };
  };
  for (let made = 0; made < 3; made++) await postJson('jobs', { image: base64(image), only: 'preview' });
  const found: string[] = [];
  let token: string | null = null;
  do {
    const { jobs, nextPageToken } = await pageOf(token);
    expect(jobs.length).toBeLessThanOrEqual(2);
    const times = jobs.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
    found.push(...jobs.map(({ id }) => id));
    token = nextPageToken;
  } while (token !== null);
  expect(found.length).toBeGreaterThanOrEqual(3);
  expect(new Set(found).size).toBe(found.length);
  expect(found.length).toBe((await readdir(join(root, 'control', 'http-jobs'))).length);
  for (const pageSize of ['0', '101', 'x'])
    expect(await codeIn(await get(`jobs?pageSize=${pageSize}`))).toBe('REQUEST_INVALID');
});

describe('a part of an upload', () => {
  const unit = 256 * 1024;
  const total = 2 * unit + 10;
  test.each([
    ['no range', '', unit],
    ['another total', `bytes 0-${unit - 1}/${total + 1}`, unit],
    ['a total that is open', `bytes 0-${unit - 1}/*`, unit],
    ['fewer bytes than it says', `bytes 0-${unit - 1}/${total}`, unit - 1],
    ['more bytes than it says', `bytes 0-${unit - 1}/${total}`, unit + 1],
    ['an end before its beginning', `bytes ${unit}-3/${total}`, 0],
    ['a length that is no multiple', `bytes 0-99/${total}`, 100],
    ['an end behind the file', `bytes ${2 * unit}-${3 * unit - 1}/${total}`, unit],
    ['bytes beside a question', `bytes */${total}`, 5],
  ])('is refused with %s', async (_, range, length) => {
    started ??= startUpload();
    const body = new Uint8Array(length);
    const answer = await fetch(at(await started), {
      method: 'PUT',
      headers: { 'content-range': range },
      body,
    });
    expect([answer.status, await codeIn(answer)]).toEqual([400, 'REQUEST_INVALID']);
  });
  let started: Promise<string> | undefined;
  async function startUpload(): Promise<string> {
    const wanted = { name: 'a.tif', sizeBytes: total, contentType: 'image/tiff' };
    return ((await (await postJson('uploads', wanted)).json()) as { location: string }).location;
  }
});

describe('a job that makes only', () => {
  const only = async (fields: object) => jobIn(await postJson('jobs', fields, { prefer: 'wait=20' }));

  test('the mask: its own engine finds it, and nothing is repainted', async () => {
    model.reset();
    const asked = { image: base64(image), only: 'mask', maskMode: 'foreground' };
    const plan = await (await postJson('jobs?dryRun=true', asked)).json();
    expect(plan).toMatchObject({ calls: { min: 1, max: 1 }, regions: [] });
    const job = await only(asked);
    expect(job).toMatchObject({
      ...{ state: 'succeeded', outputs: [], preview: null, image: size },
      mask: { href: `jobs/${job.id}/mask`, finder: expect.stringMatching(/^imagen:/) },
    });
    expect(model.calls()).toHaveLength(1);
    const answer = await get(job.mask!.href);
    expect(answer.headers.get('content-disposition')).toContain('"picture.mask.png"');
    const found = Uint8Array.from(new Uint8Array(await answer.arrayBuffer()));
    expect(await pipelineOfWebp(found.buffer)).toMatchObject({ ...size, channels: 1, format: 'png' });
    // A person may correct it: it is a mask like any other.
    const edit = { image: base64(image), mask: base64(found), engine: 'patchmatch' };
    expect(await only(edit)).toMatchObject({ state: 'succeeded', mask: null });
  });

  test('the mask under a rough stroke', async () => {
    const job = await only(order({ only: 'mask' }));
    expect(job).toMatchObject({
      state: 'succeeded',
      mask: { finder: 'segmentation:image-segmentation-001' },
    });
    const missing = await postJson('jobs', { image: base64(image), only: 'mask' });
    expect(await codeIn(missing)).toBe('MASK_MISSING');
  });

  test('a preview', async () => {
    const job = await only({ image: base64(image), only: 'preview' });
    expect(job).toMatchObject({ state: 'succeeded', outputs: [], mask: null, image: { format: 'png' } });
    const answer = await get(job.preview!.href);
    expect(await pipelineOfWebp(await answer.arrayBuffer())).toMatchObject({ ...size, format: 'webp' });
  });
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
