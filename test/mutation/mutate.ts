import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { drawFrom } from '../fuzz/draw.ts';
import { commandLine } from '../support/command.ts';
import { repository } from '../support/packed.ts';
import { mutantsOf } from './mutants.ts';

const usage = `node test/mutation/mutate.ts [--count 20] [--seed 1] FOLDER...

Puts one mistake after the other into a copy of the sources, drawn from a seed, and tells which of them the
tests of that file do not notice.`;

const { values, positionals } = commandLine(usage, {
  options: { count: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const part of ['lib', 'functions', 'deploy', 'test', 'package.json', 'tsconfig.json']) {
  cpSync(join(repository, part), join(copy, part), { recursive: true });
}
symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
// Pages and kernels are as they were built: no mutant changes them.
writeFileSync(
  join(copy, 'vitest.config.ts'),
  'export default { test: { testTimeout: 60_000, hookTimeout: 60_000 } };\n',
);

/** A mutant may never end. */
const patienceMs = 600_000;

function isNoticed(tests: readonly string[]): boolean {
  if (tests.length === 0) return false;
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--maxWorkers=1', '--bail', '1', '--exclude', '**/*.long.test.ts', ...tests];
  return spawnSync(process.execPath, args, { cwd: copy, timeout: patienceMs, stdio: 'ignore' }).status !== 0;
}

/**
 * First the tests with the name of the file, wherever they are, then those of the nearest folder that has
 * any.
 */
function testsOf(file: string): readonly (readonly string[])[] {
  const own = globSync(`test/**/${basename(file, '.ts')}.test.ts`, { cwd: copy });
  let folder = join('test', dirname(file));
  while (globSync(`${folder}/**/*.test.ts`, { cwd: copy }).length === 0) folder = dirname(folder);
  return [own, [`${folder}/`]];
}

const draw = drawFrom(Number(values.seed));
const score = new Map<string, { mutants: number; noticed: number }>();
for (const folder of positionals) {
  const files = globSync(`${folder}/**/*.ts`, { cwd: repository }).sort();
  const mutants = files.flatMap((file) =>
    mutantsOf(readFileSync(join(repository, file), 'utf8')).map((mutant) => ({ file, mutant })),
  );
  const tally = { mutants: 0, noticed: 0 };
  score.set(folder, tally);
  for (let n = 0; n < Number(values.count); n++) {
    const { file, mutant } = draw.oneOf(mutants);
    const source = readFileSync(join(repository, file), 'utf8');
    const { start, end, put } = mutant;
    writeFileSync(join(copy, file), source.slice(0, start) + put + source.slice(end));
    tally.mutants++;
    if (testsOf(file).some(isNoticed)) tally.noticed++;
    else {
      const line = source.slice(0, start).split('\n').length;
      const whole = source.split('\n')[line - 1]?.trim();
      console.log(
        `${file}:${line}  ${JSON.stringify(source.slice(start, end))} -> ${JSON.stringify(put)} in ${whole}`,
      );
    }
    writeFileSync(join(copy, file), source);
  }
  console.log(`${folder}: ${tally.noticed} of ${tally.mutants} noticed, of ${mutants.length} that there are`);
}
