/**
 * `npm run bench`: every measurement, each in a fresh process. `-- --only edit,dropped` runs some of them.
 * `-- --save FILE` also writes what they printed, which is Markdown, with the machine and the date, and keeps
 * what the file has of the others. `--seeds` goes to the part `inside`.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { commandLine } from '../support/command.ts';

const parts = {
  edit: 'The whole edit without a model, beside its floor and its peers',
  dropped: 'From a dropped file to its published result, without the model',
  load: 'Many small pairs, by the embedded engine',
  patchmatch: 'The embedded engine',
  quality: 'Seams under simulated drift',
  hostile: 'Each photo with a model that misbehaves',
  inside: 'Answers that are good, and answers that are not',
  removals: 'What the embedded engine makes of every photo',
  sheet: 'Seams at 200 %',
  studio: 'The page of the studio',
  cold: 'Cold starts, beside a function that imports sharp and the storage client and does nothing',
} as const;

const { values } = commandLine(
  `npm run bench -- [--only ${Object.keys(parts).join()}] [--save FILE] [--seeds N]`,
  {
    options: {
      only: { type: 'string' },
      save: { type: 'string' },
      seeds: { type: 'string' },
    },
  },
);
const wanted = values.only?.split(',') ?? Object.keys(parts);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`Expected some of ${Object.keys(parts).join(', ')} for --only, got ${unknown.join(', ')}`);
  process.exit(2);
}

const today = new Date().toISOString().slice(0, 10);
const earlier = values.save ? await sectionsOf(values.save) : new Map<string, string>();
const document = [preamble()];
for (const [name, title] of Object.entries(parts)) {
  if (wanted.includes(name)) {
    console.log(`\n## ${title}\n`);
    document.push(`## ${title}`, `Measured on ${today}.`, await printed(name));
  } else if (earlier.has(title)) document.push(`## ${title}`, earlier.get(title)!);
}
if (values.save) await writeFile(values.save, `${document.join('\n\n')}\n`);

/** Title -> text of what an earlier run wrote. */
async function sectionsOf(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const sections = text.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [title = '', ...lines] = section.split('\n');
      return [title, lines.join('\n').trim()];
    }),
  );
}

/** Runs one part, shows what it prints while it does, and gives it back. */
function printed(name: string): Promise<string> {
  return new Promise((resolve) => {
    const flags = name === 'inside' && values.seeds ? ['--seeds', values.seeds] : [];
    const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on('close', (code) => {
      if (code !== 0) process.exitCode = 1;
      resolve(text.trim());
    });
  });
}

function preamble(): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Benchmarks

Written by \`npm run bench -- --save docs/benchmarks.md\`, each part on its date: ${machine}, ${process.platform} ${process.arch},
 Node.js ${process.version}, sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}. Milliseconds differ between
machines; the ratios, whose both sides were measured in turn in one run, differ less.

![Milliseconds of an edit beside decoding and encoding](images/speed.svg)

![Peak memory of the same](images/memory.svg)`;
}
