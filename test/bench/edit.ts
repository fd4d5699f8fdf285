/**
 * The whole edit without a model beside the floor (sharp decoding and encoding the same file) and the
 * programs people would reach for, each doing less: `node test/bench/edit.ts [megapixels ...]`, 12, 24, 49
 * and 102 by default.
 *
 * Rounds go in turn, so that all see the same machine; of each the fastest counts. The stand-in for the model
 * takes a second, which is taken off; what the edit does meanwhile is in its CPU time alone.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHeader } from '../../lib/formats/vips/header.ts';
import { differenceMap } from '../../lib/formats/vips/write.ts';
import type { ChildReport } from './edit-child.ts';
import { type EditCase, editCase } from './edit-inputs.ts';
import { type Peer, peers } from './edit-peers.ts';
import { type EditFigures, targetTable } from './edit-targets.ts';
import { markdownTable } from './markdown.ts';
import { type Watched, watched } from './watched.ts';

const rounds = 3;
const warmRounds = 6;
/** Compiled: stripping types is a cost of development alone. */
const child = builtChild();
const unlimited = { maxImageBytes: 1e9, maxImagePixels: 2.6e8 };

const found = peers();
for (const { name, version } of found)
  console.log(`- ${name}: ${version ?? 'not on this machine, left out'}`);

const ms = (value: number) => value.toFixed(0);
const mb = (value: number) => value.toFixed(0);
const ratio = (value: number, floor: number) => (value / floor).toFixed(2);

function builtChild(): string {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', import.meta.dirname], { stdio: 'inherit' });
  return join(import.meta.dirname, '../../.local/bench/build/test/bench/edit-child.js');
}

const asked = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), 'edit-bench-'));
const figures: EditFigures[] = [];
try {
  for (const megapixels of asked.length > 0 ? asked : [12, 24, 49, 102]) {
    for (const format of ['jpeg', 'png'] as const) {
      figures.push(await compare(await editCase(megapixels, format, folder)));
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
console.log(`\n### Targets\n\n${targetTable(figures)}`);
console.log('\nWhy some are missed: [decisions/speed.md](decisions/speed.md).');

async function compare(job: EditCase): Promise<EditFigures> {
  const output = join(folder, `out.${job.format}`);
  const run = (what: string, count = 1) =>
    watched(process.execPath, [child, what, job.image, job.mask, output, String(count)]);
  const programs = found.filter(({ version, formats }) => version && formats.includes(job.format));
  const floors: Watched[] = [];
  const edits: Watched[] = [];
  const others = new Map<Peer, Watched[]>(programs.map((peer) => [peer, []]));
  const outside = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    floors.push(await run('floor'));
    if (round === 0) outside.set('floor', await changedOutside(job, output));
    edits.push(withoutModel(await run('edit')));
    if (round === 0) outside.set('edit', await changedOutside(job, output));
    for (const [peer, runs] of others) {
      const [command, ...args] = peer.command(job, output);
      runs.push(await watched(command, args));
      if (round === 0) outside.set(peer.name, await changedOutside(job, output));
    }
  }
  const warm = reportOf(await run('both', warmRounds));
  const [floorMs, editMs] = [Math.min(...warm.floorMs), Math.min(...warm.editMs)];
  const floor = fastest(floors);
  const row = (name: string, runs: readonly Watched[], changed: string) => {
    const { wallMs, cpuMs, peakMb } = fastest(runs);
    return [name, ms(wallMs), ms(cpuMs), mb(peakMb), ratio(wallMs, floor.wallMs), changed];
  };
  console.log(`\n### ${job.megapixels} MP ${job.format}\n`);
  console.log(
    markdownTable(
      ['whole process', 'wall ms', 'CPU ms', 'peak MB', 'of the floor', 'pixels changed outside the mask'],
      [
        row('floor: sharp decodes and encodes', floors, outside.get('floor')!),
        row('**the edit, proof included**', edits, outside.get('edit')!),
        ...programs.map((peer) =>
          row(`${peer.name} ${peer.version}: paste`, others.get(peer)!, outside.get(peer.name)!),
        ),
        ['the edit, warm', ms(editMs), '', '', ratio(editMs, floorMs), ''],
      ],
    ),
  );
  const stages = Object.entries(warm.stagesMs).filter(([name]) => name !== 'inpaint');
  console.log(
    `\nWarm floor ${ms(floorMs)} ms. Stages of a warm edit, ms: ${stages.map(([name, took]) => `${name} ${took}`).join(', ')}.`,
  );
  const edit = fastest(edits);
  return {
    megapixels: job.megapixels,
    format: job.format,
    fresh: edit.wallMs / floor.wallMs,
    warm: editMs / floorMs,
    write: (warm.stagesMs['write'] ?? Number.NaN) / floorMs,
    peakMb: edit.peakMb,
  };
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
  const { modelMs, modelCpuMs } = reportOf(run);
  return { ...run, wallMs: run.wallMs - modelMs[0]!, cpuMs: run.cpuMs - modelCpuMs[0]! };
}

function reportOf({ stdout }: Watched): ChildReport {
  return JSON.parse(stdout) as ChildReport;
}

function fastest(runs: readonly Watched[]): Watched {
  return runs.reduce((best, run) => (run.wallMs < best.wallMs ? run : best));
}
