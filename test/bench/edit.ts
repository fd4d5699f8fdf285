/**
 * The whole edit without a model beside the floor (sharp decoding and encoding the same file) and programs
 * that do the easier job, a ready patch pasted into the picture: `node test/bench/edit.ts [megapixels ...]`,
 * 24 and 102 by default.
 *
 * Rounds go in turn, so that all see the same machine; of each the least counts. In a process of its own the
 * stand-in for the model takes a second, which is taken off; over HTTP the model answers at once. All
 * processes of node have the settings for memory that both deployments make.
 */
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import { readHeader } from '../../lib/formats/vips/header.ts';
import { differenceMap } from '../../lib/formats/vips/write.ts';
import { memorySettings, startDeployed, startInstantModel } from './deployed.ts';
import type { ChildReport } from './edit-child.ts';
import { type EditCase, editCase } from './edit-inputs.ts';
import { markdownTable } from './markdown.ts';
import { type Cost, costOf, least, usageOf, type Watched, watched } from './watched.ts';

const rounds = 3;
const warmRounds = 12;
const unlimited = { maxImageBytes: 1e9, maxImagePixels: 2.6e8 };
const repository = join(import.meta.dirname, '../..');
const folder = await mkdtemp(join(tmpdir(), 'edit-bench-'));

interface Figures {
  readonly name: string;
  readonly cost: Cost;
  readonly peakMb?: number;
  /** What it is compared with. */
  readonly floor: Cost;
  readonly changed?: string | undefined;
}

/** Another program with the encoder settings that it has by default, as for the floor. */
interface Peer {
  readonly name: string;
  readonly format?: EditCase['format'];
  readonly command: (job: EditCase, output: string) => readonly [string, ...string[]];
}

const pillow = `
import sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
image, patch, out, left, top = sys.argv[1:]
picture = Image.open(image)
picture.paste(Image.open(patch), (int(left), int(top)))
picture.save(out)`;

const peers: readonly Peer[] = [
  {
    name: 'vips insert',
    command: ({ image, patchPng, box }, output) => [
      ...(['vips', 'insert', image, patchPng, output] as const),
      ...[String(box.left), String(box.top)],
    ],
  },
  {
    name: 'jpegtran -drop',
    format: 'jpeg',
    command: ({ image, patchJpeg, box }, output) => [
      ...(['jpegtran', '-copy', 'all', '-drop', `+${box.left}+${box.top}`, patchJpeg] as const),
      ...['-outfile', output, image],
    ],
  },
  {
    name: 'Pillow paste',
    // The system's own python: Debian's package of Pillow is its.
    command: ({ image, patchPng, box }, output) => [
      ...(['/usr/bin/python3', '-c', pillow, image, patchPng, output] as const),
      ...[String(box.left), String(box.top)],
    ],
  },
];

interface Aim {
  /** A share of the wall time of the floor. */
  readonly floors: number;
  readonly peakMb?: number;
}

/** What is aimed at, at most, by what it is, format and megapixels. */
const aims: Readonly<Record<string, Aim>> = {
  'edit, warm jpeg 24': { floors: 1 },
  'edit, warm jpeg 102': { floors: 0.5 },
  'edit, warm png 24': { floors: 0.9 },
  'edit, fresh process jpeg 24': { floors: 1.5, peakMb: 170 },
  'edit, fresh process jpeg 102': { floors: 0.8, peakMb: 220 },
  'edit over HTTP, warm jpeg 24': { floors: 1.3, peakMb: 300 },
};

try {
  const child = await builtChild();
  const asked = process.argv.slice(2).map(Number);
  for (const megapixels of asked.length > 0 ? asked : [24, 102]) {
    for (const format of ['jpeg', 'png'] as const)
      await compare(child, await editCase(megapixels, format, folder));
  }
} finally {
  await rm(folder, { recursive: true });
}

/** Bundled as it is deployed: only development strips types and looks for the kind of module. */
async function builtChild(): Promise<string> {
  const dir = join(folder, 'child');
  await build({
    input: join(import.meta.dirname, 'edit-child.ts'),
    platform: 'node',
    external: [/^@img\//],
    logLevel: 'warn',
    output: { dir, format: 'esm' },
  });
  await copyFile(join(repository, 'lib/kernels/kernels.wasm'), join(dir, 'kernels.wasm'));
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return join(dir, 'edit-child.js');
}

async function compare(child: string, job: EditCase): Promise<void> {
  const { megapixels, format } = job;
  const output = join(folder, `out.${format}`);
  const run = (what: string, count = 1) =>
    watched(process.execPath, [child, what, job.image, job.mask, output, String(count)], memorySettings);
  const ways = new Map<string, () => Promise<Watched | undefined>>([
    ['floor: sharp decodes and encodes', () => run('floor')],
    ['edit, fresh process', async () => withoutModel(await run('edit'))],
    ...peers
      .filter((peer) => (peer.format ?? format) === format)
      .map(({ name, command }) => {
        const [program, ...args] = command(job, output);
        return [name, () => watched(program, args).catch(() => undefined)] as const;
      }),
  ]);
  const figures: Figures[] = [];
  for (const [name, runs] of await inTurn(ways, () => changedOutside(job, output))) {
    const floor = figures[0]?.cost ?? least(runs.costs);
    const peakMb = Math.min(...runs.costs.map((cost) => cost.peakMb));
    figures.push({ name, cost: least(runs.costs), peakMb, floor, changed: runs.changed });
  }
  const { floors, edits, stagesMs } = reportOf(await run('both', warmRounds));
  const floor = least(floors);
  figures.push(
    { name: 'floor, warm', cost: floor, floor },
    { name: 'edit, warm', cost: least(edits), floor },
  );
  figures.push({ name: 'edit over HTTP, warm', ...(await overHttp(job)), floor });
  console.log(`\n### ${megapixels} MP ${format}\n\n${tableOf(job, figures)}`);
  const stages = Object.entries(stagesMs).filter(([name]) => name !== 'inpaint');
  console.log(`\nStages of a warm edit, ms: ${stages.map(([name, took]) => `${name} ${took}`).join(', ')}.`);
}

/**
 * Runs all ways in turn, and what is there after the first of each; leaves out what is not on this machine.
 */
async function inTurn(
  ways: ReadonlyMap<string, () => Promise<Watched | undefined>>,
  look: () => Promise<string>,
) {
  const found = new Map<string, { readonly costs: Watched[]; readonly changed: string }>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of ways) {
      const cost = await run();
      if (cost === undefined) continue;
      if (!found.has(name)) found.set(name, { costs: [], changed: await look() });
      found.get(name)?.costs.push(cost);
    }
  }
  return found;
}

function tableOf({ megapixels, format }: EditCase, figures: readonly Figures[]): string {
  const ratio = (cost: number, floor: number) => (cost / floor).toFixed(2);
  const rows = figures.map(({ name, cost, peakMb, floor, changed }) => {
    const floors = cost.wallMs / floor.wallMs;
    return [
      ...[name, cost.wallMs.toFixed(0), ratio(cost.wallMs, floor.wallMs)],
      ...[cost.cpuMs.toFixed(0), ratio(cost.cpuMs, floor.cpuMs), peakMb?.toFixed(0) ?? ''],
      ...[aimText(aims[`${name} ${format} ${megapixels}`], floors, peakMb), changed ?? ''],
    ];
  });
  const heads = ['way', 'wall ms', 'of the floor', 'CPU ms', 'of the floor', 'peak MB', 'aim'];
  return markdownTable([...heads, 'pixels changed outside the mask'], rows);
}

function aimText(aim: Aim | undefined, floors: number, peakMb = 0): string {
  if (aim === undefined) return '';
  const isReached = floors <= aim.floors && peakMb <= (aim.peakMb ?? Number.POSITIVE_INFINITY);
  const text = aim.peakMb === undefined ? `${aim.floors}` : `${aim.floors}, ${aim.peakMb} MB`;
  return isReached ? `${text}: reached` : `${text}: missed`;
}

/** The deployed function, from outside: from the request to the last byte of the answer. */
async function overHttp({ image, mask }: EditCase): Promise<Pick<Figures, 'cost' | 'peakMb'>> {
  await using model = await startInstantModel();
  const limits = { MAX_IMAGE_BYTES: String(unlimited.maxImageBytes) };
  await using edit = await startDeployed({
    target: 'edit',
    environment: { ...model.environment, ...limits, MAX_IMAGE_PIXELS: String(unlimited.maxImagePixels) },
  });
  const body = new FormData();
  body.set('image', new Blob([await readFile(image)]), 'image');
  body.set('mask', new Blob([await readFile(mask)]), 'mask');
  const costs: Cost[] = [];
  for (let round = 0; round < warmRounds; round++) {
    const before = usageOf(edit.pid)?.cpuMs ?? Number.NaN;
    const { wallMs } = await costOf(async () => {
      const response = await fetch(edit.url, { method: 'POST', body });
      const bytes = await response.bytes();
      if (!response.ok) throw new Error(`Expected a picture, got ${response.status} ${Buffer.from(bytes)}`);
    });
    costs.push({ wallMs, cpuMs: (usageOf(edit.pid)?.cpuMs ?? Number.NaN) - before });
  }
  return { cost: least(costs), peakMb: usageOf(edit.pid)?.peakMb ?? Number.NaN };
}

/** Pixels outside the mask that decode to another value, in the picture's own space. */
async function changedOutside({ image, box }: EditCase, output: string): Promise<string> {
  const bytes = await readFile(image);
  const header = await readHeader(bytes, unlimited);
  const after = await readFile(output);
  const { channels, depth } = await readHeader(after, unlimited);
  if (channels !== header.channels || depth !== header.depth) return 'other channels or depth';
  const { data, width, height } = await differenceMap({ bytes, header }, after);
  let changed = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== 0 && !isInside(i % width, i / width)) changed++;
  const kept = width * height - box.width * box.height;
  return changed === 0 ? '0' : `${((100 * changed) / kept).toFixed(2)} %`;

  function isInside(x: number, y: number): boolean {
    return x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height;
  }
}

/** The stand-in takes a second, as a fast model would; that is not ours. */
function withoutModel(run: Watched): Watched {
  const { models } = reportOf(run);
  return { ...run, wallMs: run.wallMs - models[0]!.wallMs, cpuMs: run.cpuMs - models[0]!.cpuMs };
}

function reportOf({ stdout }: Watched): ChildReport {
  return JSON.parse(stdout) as ChildReport;
}
