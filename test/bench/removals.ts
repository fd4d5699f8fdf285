/**
 * What the embedded engine makes of every photo, and of a noisy picture of 24 MP made by code:
 * `npm run bench -- --only removals` prints seams, costs and processor time, and writes the results to
 * `.local/removals/`. `node test/bench/removals.ts --into FOLDER` writes them elsewhere, and
 * `--only places/9,ldm` edits some of them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { editor } from '../../lib/edit.ts';
import { engineFor } from '../../lib/engines/engines.ts';
import { peopleFinder } from '../../lib/finders/people/people.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { modelSettings } from '../support/fake-model.ts';
import { photoPairs } from '../support/photos.ts';
import { markdownTable } from './markdown.ts';

const { values } = parseArgs({ options: { into: { type: 'string' }, only: { type: 'string' } } });
const folder = values.into ?? fileURLToPath(new URL('../../.local/removals/', import.meta.url));

const engine = await engineFor({ engine: 'patchmatch', model: undefined }, modelSettings, {
  codec: engineCodec,
});
const edit = editor({
  engine,
  people: peopleFinder(),
  limits: { maxImageBytes: 1e9, maxImagePixels: 2.6e8 },
  defaults: { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 },
});

const wanted = values.only?.split(',');
const pairs = photoPairs().filter(({ name }) => wanted?.some((part) => name.includes(part)) ?? true);
await mkdir(folder, { recursive: true });
const rows: string[][] = [];
for (const { name, image, mask } of pairs) {
  const [photo, hole] = [await readFile(image), await readFile(mask)];
  const before = process.cpuUsage();
  const started = performance.now();
  const { outputs, report } = await edit(
    { image: photo, mask: hole, request: parseRequest({}) },
    AbortSignal.timeout(600_000),
  );
  const { user, system } = process.cpuUsage(before);
  const [best] = outputs;
  await writeFile(join(folder, `${name.replaceAll('/', '-')}.${best!.extension}`), best!.bytes);
  const fits = report.regions.flatMap((region) => region.fits);
  const tell = (key: 'seam' | 'cost') => fits.map((fit) => fit[key].toFixed(1)).join(' ');
  rows.push([
    name,
    tell('seam'),
    tell('cost'),
    ((user + system) / 1e6).toFixed(1),
    ((performance.now() - started) / 1000).toFixed(1),
  ]);
}
console.log(markdownTable(['photo', 'seam', 'cost', 'processor s', 's'], rows));
