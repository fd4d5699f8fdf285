/**
 * How long the embedded engine takes for 1024 x 1024 pixels, as a multiple of a fixed loop timed in the
 * same run, so that figures of different machines can be compared:
 * `node test/bench/patchmatch.ts`
 */
import { seededRandom } from '../../lib/engines/patchmatch/field.ts';
import { completePicture } from '../support/complete-picture.ts';
import { markdownTable } from './markdown.ts';
import { type Cost, costOf, least } from './watched.ts';

const side = 1024;
const runs = 5;
const shares = [0.05, 0.15] as const;
/** CPU time at most, on a machine whose loop takes 1,250 ms. */
const aimsMs = { 0.05: 300, 0.15: 700 };

/** Sums squared differences of two byte arrays, 200 million of them: the engine's own kind of work. */
function referenceLoop(): number {
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  let sum = 0;
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < bytes.length - 256; i++) {
      const difference = bytes[i]! - bytes[i + round]!;
      sum = (sum + difference * difference) | 0;
    }
  }
  return sum;
}

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

const rgb = scene();
referenceLoop();
const rows: string[][] = [];
for (const share of shares) {
  const mask = discMask(share);
  const references: Cost[] = [];
  const fills: Cost[] = [];
  // Interleaved: a busy neighbour slows both alike.
  for (let run = 0; run < runs; run++) {
    references.push(await costOf(referenceLoop));
    fills.push(await costOf(() => completePicture({ width: side, height: side, rgb, mask }, 1)));
  }
  const [ours, loop] = [least(fills), least(references)];
  const shown = [ours.wallMs, ours.cpuMs, aimsMs[share], loop.cpuMs];
  rows.push([`${100 * share} %`, ...shown.map((ms) => ms.toFixed(0)), (ours.cpuMs / loop.cpuMs).toFixed(2)]);
}
const heads = [
  `masked share of ${side} x ${side}`,
  'ms',
  'CPU ms',
  'aim',
  'reference loop, CPU ms',
  'of the loop',
];
console.log(markdownTable(heads, rows));
