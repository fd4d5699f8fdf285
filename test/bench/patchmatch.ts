/**
 * How long the embedded engine takes for 1024 x 1024 pixels, beside zlib deflating the same pixels in the
 * same run, so that figures of different machines can be compared: `node test/bench/patchmatch.ts`. One
 * picture, and the most that it makes of one crop: four drafts, of which two are finished and one is encoded.
 */
import { deflateSync } from 'node:zlib';
import { seededRandom } from '../../lib/engines/patchmatch/field.ts';
import { patchmatchEngine } from '../../lib/engines/patchmatch/patchmatch.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { completePicture } from '../support/complete-picture.ts';
import { removalRequest } from '../support/inpaint-request.ts';
import { markdownTable } from './markdown.ts';
import { type Cost, costOf, least } from './watched.ts';

const side = 1024;
const runs = 3;
const shares = [0.05, 0.15] as const;
/** CPU time of one picture at most, ms. */
const aimsMs = { 0.05: 300, 0.15: 700 };
/** No picture is good enough to stop. */
const judge = () => Number.MAX_VALUE;

/** Ground below a sky, both with grain and soft light: neither trivial nor any one photo. */
function scene(): Uint8Array {
  const random = seededRandom(1);
  const rgb = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const x = i % side;
    const y = (i - x) / side;
    const grain = (random() & 31) - 16;
    const wave = 20 * Math.sin(x / 17 + Math.sin(y / 23)) + 12 * Math.sin(y / 7);
    const ground = y > 420 + 0.1 * x;
    rgb[3 * i] = ground ? 120 + wave + grain : 140 + y / 12 + grain / 4;
    rgb[3 * i + 1] = ground ? 110 + wave + grain : 170 + y / 16 + grain / 4;
    rgb[3 * i + 2] = ground ? 80 + wave / 2 + grain : 215 + grain / 4;
  }
  return rgb;
}

function discMask(share: number): Uint8Array {
  const mask = new Uint8Array(side * side);
  const squared = (share * side * side) / Math.PI;
  for (let i = 0; i < mask.length; i++) {
    const x = (i % side) - side / 2;
    const y = Math.floor(i / side) - side / 2;
    if (x * x + y * y < squared) mask[i] = 255;
  }
  return mask;
}

const size = { width: side, height: side };
const rgb = scene();
const engine = patchmatchEngine({ codec: engineCodec });

function fillOnce(data: Uint8Array): void {
  completePicture({ ...size, channels: 3, rgb, mask: data }, 1);
}

async function fillBest(data: Uint8Array): Promise<void> {
  const crop = { ...size, channels: 3, data: rgb };
  const request = removalRequest({ crop, mask: { ...size, channels: 1, data }, judge });
  await engine.inpaint(request, AbortSignal.timeout(600_000));
}

const rows: string[][] = [];
for (const share of shares) {
  const mask = discMask(share);
  const works = { zlib: () => deflateSync(rgb), one: () => fillOnce(mask), best: () => fillBest(mask) };
  const costs: Record<keyof typeof works, Cost[]> = { zlib: [], one: [], best: [] };
  // Interleaved: a busy neighbour slows all alike.
  for (let run = 0; run < runs; run++) {
    for (const [name, work] of Object.entries(works))
      costs[name as keyof typeof works].push(await costOf(work));
  }
  const zlib = least(costs.zlib);
  const add = (name: string, cost: Cost, aim: string) => {
    const ms = [cost.wallMs, cost.cpuMs].map((value) => value.toFixed(0));
    rows.push([name, ...ms, aim, zlib.cpuMs.toFixed(0), (cost.cpuMs / zlib.cpuMs).toFixed(2)]);
  };
  add(`${100 * share} %, one picture`, least(costs.one), String(aimsMs[share]));
  add(`${100 * share} %, the best of four`, least(costs.best), '');
}
const heads = [`masked share of ${side} x ${side}`, 'ms', 'CPU ms', 'aim', 'zlib, CPU ms', 'of zlib'];
console.log(markdownTable(heads, rows));
