/** `npm run bench`: every measurement, each in a fresh process. `-- --only edit,jpeg` runs some of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const parts = {
  edit: 'the whole edit without a model, beside sharp decoding and encoding the same file',
  jpeg: 'walking, splicing and proving a JPEG',
  patchmatch: 'the embedded engine, beside a fixed loop',
  quality: 'seams under simulated drift: hard paste, feather, mean and deviation, ours',
} as const;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wanted = values.only?.split(',') ?? Object.keys(parts);
for (const [name, what] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  console.log(`\n== ${name}: ${what}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
