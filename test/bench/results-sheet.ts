/**
 * Before | mask | after for every result of the local system: `node test/bench/results-sheet.ts`.
 * Reads `.local/input` and `.local/output`, writes `.local/results.png`, and prints each proof.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';

const cell = { width: 400, height: 300 };
const columns = 2;
const gap = 6;

interface Manifest {
  readonly inputs: { readonly image: { readonly name: string }; readonly mask: { readonly name: string } };
  readonly outputs: readonly { readonly name: string }[];
  readonly proofs: readonly { readonly outside: string; readonly differingPixels: number }[];
}

async function manifests(): Promise<Manifest[]> {
  const files = await readdir('.local/output', { recursive: true });
  const found = files.filter((file) => file.endsWith('manifest.json')).sort();
  return Promise.all(
    found.map(async (file) => JSON.parse(await readFile(join('.local/output', file), 'utf8')) as Manifest),
  );
}

const picture = (file: string) =>
  sharp(file, { autoOrient: true })
    .flatten({ background: '#fff' })
    .resize({ ...cell, fit: 'contain', background: '#444' })
    .toColourspace('srgb')
    .png()
    .toBuffer();

const results = await manifests();
const tiles: OverlayOptions[] = [];
for (const [index, { inputs, outputs, proofs }] of results.entries()) {
  const files = [
    join('.local/input', inputs.image.name),
    join('.local/input', inputs.mask.name),
    join('.local/output', outputs[0]!.name),
  ];
  const left = (index % columns) * 3 * (cell.width + gap);
  const top = Math.floor(index / columns) * (cell.height + gap);
  for (const [n, file] of files.entries()) {
    tiles.push({ input: await picture(file), left: left + n * (cell.width + gap), top });
  }
  console.log(
    `${inputs.image.name}: ${proofs[0]?.outside}, ${proofs[0]?.differingPixels} pixels differ outside the mask`,
  );
}
const width = columns * 3 * (cell.width + gap);
const height = Math.ceil(results.length / columns) * (cell.height + gap);
await sharp({ create: { width, height, channels: 3, background: '#888' } })
  .composite(tiles)
  .png()
  .toFile('.local/results.png');
console.log(`${results.length} results on .local/results.png`);
