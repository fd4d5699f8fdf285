import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { httpClient } from '../../functions/cli/http-client.ts';
import { identityToken } from '../../functions/cli/identity.ts';
import { run } from '../../functions/cli/run.ts';
import { teller } from '../../functions/cli/teller.ts';
import { writeWhole } from '../../functions/cli/write.ts';
import { never } from '../support/job-world.ts';
import { listenOn } from '../support/listening.ts';
import { startMetadataServer } from '../support/metadata-server.ts';
import { boxMask, maskPng } from '../support/pictures.ts';
import { image, mask, size } from '../support/small-pair.ts';
import { useFolder, useLocalSystem } from '../support/use.ts';

const all = Uint8Array.from(await maskPng(boxMask(size, { left: 0, top: 0, ...size })));

const repository = resolve(import.meta.dirname, '../..');

const root = await useFolder();
const { system } = await useLocalSystem();
let folder: string;
let cases = 0;
beforeEach(async () => {
  folder = join(root, `case-${cases++}`);
  await mkdir(folder);
  await writeFile(at('p.png'), image);
  await writeFile(at('p.mask.png'), mask);
  await writeFile(at('.all.png'), all);
});

const at = (name: string) => join(folder, name);

async function cli(args: readonly string[], signal: AbortSignal = never) {
  const out: Buffer[] = [];
  let err = '';
  const streams = {
    out: (text: string | Uint8Array) => void out.push(Buffer.from(text)),
    err: (text: string) => {
      err += text;
    },
    ...{ isTerminal: false, columns: 80 },
  };
  const code = await run({ args, environment: {}, streams, signal, pausesMs: [1, 1] });
  const bytes = Buffer.concat(out);
  return { code, err, bytes, out: bytes.toString() };
}

const pair = () => [at('p.png'), at('p.mask.png')];
const made = async () =>
  (await readdir(folder, { recursive: true })).filter((name) => !/^(p(\.mask)?|\.all)\.png$/.test(name));

test('a folder: pairs by their names, results beside them or in another folder, one line of JSON each', async () => {
  await mkdir(at('in'));
  await writeFile(at('in/q.png'), image);
  await writeFile(at('in/q_mask.png'), mask);
  await writeFile(at('in/alone.png'), image);
  const flat = await cli([folder, '--json', '--manifest', at('m.json')]);
  expect(flat.code).toBe(0);
  expect(JSON.parse(flat.out)).toMatchObject({
    ...{ image: at('p.png'), outputs: [at('p.edited.png')], engine: 'patchmatch' },
    proof: { outside: 'exact', differingPixels: 0 },
  });
  expect(JSON.parse(await readFile(at('m.json'), 'utf8'))).toMatchObject({ engine: 'patchmatch' });
  const [few, none] = [await cli([at('in'), '--dry-run']), await cli([at('in'), '--quiet', '--dry-run'])];
  expect([few.code, few.err, none.err]).toEqual([0, expect.stringMatching(/ 1 photo .* alone\.mask/), '']);
  const found = await cli([at('in'), '--remove', 'people', '--dry-run', '--json']);
  expect(found.out.match(/in\/\w+\.png/g)).toEqual(['in/alone.png', 'in/q.png']);
  // Neither results nor the mask are photos.
  const same = await cli([folder, '--mask', at('p.mask.png'), '--dry-run', '--json']);
  expect(
    same.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).image),
  ).toEqual([at('p.png')]);
  const deep = await cli([
    folder,
    '--recursive',
    '-o',
    at('out'),
    '--samples',
    '2',
    '--quiet',
    '--jobs',
    '2',
  ]);
  expect(deep).toMatchObject({ code: 0, out: '', err: '' });
  const results = (await made()).filter((name) => name.startsWith('out/'));
  expect(results.sort()).toEqual([
    ...['out/in', 'out/in/q.edited.2.png', 'out/in/q.edited.png'],
    ...['out/p.edited.2.png', 'out/p.edited.png'],
  ]);
});

describe('nothing is lost', () => {
  test('an existing file is replaced with --force only, and an input never', async () => {
    await writeFile(at('out.png'), 'mine');
    expect(await cli([...pair(), '-o', at('out.png')])).toMatchObject({ code: 2 });
    expect(await readFile(at('out.png'), 'utf8')).toBe('mine');
    expect(await cli([...pair(), '-o', at('out.png'), '--force'])).toMatchObject({ code: 0 });
    expect(await cli([...pair(), '-o', at('p.png'), '--force'])).toMatchObject({ code: 2 });
    await symlink(at('p.png'), at('link.png'));
    expect(await cli([...pair(), '-o', at('link.png'), '--force'])).toMatchObject({ code: 2 });
    expect((await readFile(at('p.png'))).equals(image)).toBe(true);
  });

  test('a file that came in between stays, and nothing half-written is left', async () => {
    await writeFile(at('out.png'), 'mine');
    await expect(writeWhole(at('out.png'), image, false)).rejects.toThrow('--force');
    expect(await readFile(at('out.png'), 'utf8')).toBe('mine');
    expect(await made()).toEqual(['out.png']);
  });

  test('a dry run writes nothing', async () => {
    const { code, out } = await cli([...pair(), '--dry-run']);
    expect([code, JSON.parse(out).plan]).toMatchObject([0, { calls: { max: 0 }, outside: 'exact' }]);
    expect(await made()).toEqual([]);
  });

  test('an interrupted command leaves no file', async () => {
    const stop = new AbortController();
    const running = cli([...pair(), '-o', at('out.png')], stop.signal);
    stop.abort();
    expect(await running).toMatchObject({ code: 130 });
    expect(await made()).toEqual([]);
  });
});

test.each<[string, () => string[], number, RegExp]>([
  ['nothing', () => [], 2, /PHOTO MASK or FOLDER/],
  ['an option that is none', () => [...pair(), '--fether-px', '3'], 2, /did you mean --feather-px\?/],
  ['an option without its value', () => [...pair(), '--samples'], 2, /samples/],
  ['a file that is none', () => [at('x.png'), at('p.mask.png')], 2, /x\.png, found none/],
  ['a folder without photos', () => [at('.'), '--mask', at('none')], 2, /found none/],
  ['a field out of range', () => [...pair(), '--feather-px', '999'], 3, /featherPx/],
  ['a mask that is missing', () => [at('p.png')], 3, /MASK_MISSING/],
  [
    'an engine that is not set up',
    () => [...pair(), '--engine', 'gemini'],
    5,
    /CONFIG_INVALID|MODEL_PERMISSION/,
  ],
  ['a keep mask that is none', () => [...pair(), '--keep', at('none.png')], 2, /found none/],
  ['a keep mask for a folder', () => [folder, '--keep', at('p.mask.png')], 2, /one photo/],
  ['a keep mask that covers all', () => [...pair(), '--keep', at('.all.png')], 3, /KEEP_FULL/],
  ['a server that is none', () => [...pair(), '--server', 'http://127.0.0.1:9'], 4, /SERVER_UNAVAILABLE/],
])('%s ends with a code of its own', async (_, args, code, words) => {
  const ended = await cli(args());
  expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(words)]);
  expect(await made()).toEqual([]);
});

test('paths are meant from the folder where npm was called', async () => {
  const npm = { npm_package_name: 'gcs-inpaint', npm_lifecycle_event: 'edit', INIT_CWD: folder };
  const command = [join(repository, 'functions/cli.ts'), 'p.png', 'no.png'];
  const ended = promisify(execFile)(process.execPath, command, { env: { ...process.env, ...npm } });
  await expect(ended).rejects.toThrow('Expected a file or folder no.png');
});

test('finds what is to be removed where no mask is sent', async () => {
  const { code, out } = await cli([at('p.png'), '--remove', 'people', '--dry-run']);
  expect([code, JSON.parse(out).plan]).toMatchObject([0, { regions: [], calls: { min: 0, max: 0 } }]);
  const byWords = ['--remove', 'the red car', '--mask-prompt', 'the red car'];
  for (const at2 of [0, 2]) {
    const { err } = await cli([at('p.png'), ...byWords.slice(at2, at2 + 2)]);
    expect(err).toContain('FINDER_UNSUPPORTED');
  }
});

test('goes on after a photo that failed when told so', async () => {
  await writeFile(at('a.png'), 'no picture');
  await writeFile(at('a.mask.png'), mask);
  expect(await cli([folder])).toMatchObject({ code: 1 });
  expect(await made()).not.toContain('p.edited.png');
  const all = await cli([folder, '--keep-going', '--json']);
  const lines = all.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([all.code, lines]).toMatchObject([
    1,
    [{ error: { code: 'IMAGE_UNREADABLE' } }, { engine: 'patchmatch' }],
  ]);
});

test('photo, mask and keep mask give the same bytes here, from edit, the studio and a folder', async () => {
  const left = await maskPng(boxMask(size, { left: 0, top: 0, width: 38, height: 70 }));
  await writeFile(at('left.png'), left);
  const kept = ['--keep', at('left.png'), '--seed', '7', '-o'];
  for (const [name, where] of [
    ['here', []],
    ['edit', ['--server', `${system.url}/edit`]],
    ['studio', ['--server', `${system.url}/studio`]],
  ] as const) {
    const { code, err } = await cli([...pair(), ...where, ...kept, at(`${name}.png`)]);
    expect([code, err]).toEqual([0, expect.stringContaining('by patchmatch')]);
    expect(await readFile(at(`${name}.png`))).toEqual(await readFile(at('here.png')));
  }
  const named = await cli([...pair(), '-o', at('named.jpg')]);
  expect(named.err).toContain('named.jpg holds png, not jpg: --output-format');
  const without = await cli([...pair(), '--seed', '7', '-o', '-']);
  expect(without.bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(without.bytes.equals(await readFile(at('here.png')))).toBe(false);
  const own = at('own');
  await mkdir(own);
  for (const [name, bytes] of Object.entries({ 'p.png': image, 'p.mask.png': mask, 'p.keep.png': left }))
    await writeFile(join(own, name), bytes);
  expect((await cli([own, '--seed', '7'])).code).toBe(0);
  expect(await readFile(join(own, 'p.edited.png'))).toEqual(await readFile(at('here.png')));
});

test('only a mask, or only a preview, here and from the studio', async () => {
  for (const where of [[], ['--server', `${system.url}/studio`]]) {
    expect(
      (await cli([at('p.png'), '--only', 'preview', ...where, '--force', '-o', at('small.webp')])).code,
    ).toBe(0);
    expect((await readFile(at('small.webp'))).subarray(8, 12).toString()).toBe('WEBP');
  }
  const nobody = await cli([at('p.png'), '--only', 'mask', '--mask-mode', 'people', '-o', at('m.png')]);
  expect([nobody.code, nobody.err]).toEqual([3, expect.stringContaining('MASK_NOT_FOUND')]);
});

test('asks for an identity: of gcloud, else of Application Default Credentials', async () => {
  await using metadata = await asIdentity();
  const token = await identityToken('https://studio.example.com/studio', metadata.environment);
  expect(token.split('.')).toHaveLength(3);
});

test('a token that has expired is asked for anew, and one that is refused is not', async () => {
  await using _metadata = await asIdentity();
  const real = fetch;
  const statuses = [200, 401, 200, 401, 401];
  const server = 'https://studio.example.com';
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) =>
    url.startsWith(server) ? new Response('', { status: statuses.shift() ?? 500 }) : real(url, init),
  );
  const send = httpClient(server, undefined, []);
  for (let request = 0; request < 2; request++) expect((await send('/', {}, never)).status).toBe(200);
  await expect(send('/', {}, never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(statuses).toEqual([]);
  vi.unstubAllGlobals();
});

test('a server of a later version may answer a code and a Retry-After that are not known here', async () => {
  const job = { id: '1', state: 'failed', problem: { code: 'OF_LATER', detail: 'Expected more' } };
  const answers: Readonly<Record<string, object>> = { '/capabilities': { engines: [] }, '/jobs': job };
  const warnings = vi.spyOn(process, 'emitWarning');
  let refusals = 1;
  const later = createServer((request, response) => {
    request.resume();
    const isBusy = refusals-- > 0;
    response.writeHead(isBusy ? 503 : 200, isBusy ? { 'retry-after': 'soon' } : {});
    response.end(JSON.stringify(answers[request.url ?? ''] ?? job));
  });
  const ended = await cli([...pair(), '--server', await listenOn(later)]);
  later.close();
  expect(warnings).not.toHaveBeenCalled();
  expect([ended.code, ended.err]).toEqual([1, expect.stringContaining('OF_LATER: Expected more')]);
});

/** This process as one with credentials of a metadata server, and without gcloud. */
async function asIdentity() {
  const server = await startMetadataServer();
  for (const [name, value] of Object.entries({ ...server.environment, PATH: '' })) vi.stubEnv(name, value);
  return {
    environment: { ...process.env },
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      server.close();
    },
  };
}

test('steps are told in words that people know, and others not at all', () => {
  const told: string[] = [];
  const { stage } = teller(
    { out: () => {}, err: (text) => told.push(text), isTerminal: true, columns: 80 },
    false,
  );
  for (const step of ['find', 'edge', 'inpaint', 'an inner step']) stage('p.jpg', step);
  expect(told.map((text) => text.split(': ')[1])).toEqual(['finding', 'repainting']);
});
