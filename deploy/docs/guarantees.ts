import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown.ts';

interface Group {
  readonly about: string;
  /** Number -> what is promised. A number keeps its meaning. */
  readonly promises: Readonly<Record<string, string>>;
}

/** What this system promises. A test that shows one ends its title with the number: `... (G7)`. */
const groups: readonly Group[] = [
  {
    about: 'Pictures',
    promises: {
      G1: 'Outside the mask every decoded value stays as it was. A JPEG that is spliced may differ in the blocks that the mask touches; with `jpegBlocks: inside` it may not.',
      G2: 'A result is decoded and compared with its original before it is published. One that differs outside the mask is never published.',
      G3: 'An answer of a model that is shifted, zoomed or in another tone is put right, or refused.',
      G4: 'A damaged or dangerous file is refused with a code before a model is paid, and does no harm.',
      G5: 'No object of a user is changed, written over or deleted.',
    },
  },
  {
    about: 'Jobs',
    promises: {
      G6: 'A complete set of files has exactly one result, however often, in which order and in how many instances its events arrive.',
      G7: 'A job that is killed at any moment goes on where it was, or is told as failed. Nothing is done twice.',
      G8: 'The manifest is written last: when it is there, all its outputs are. Nothing of a result changes afterwards.',
      G9: 'An event or a task is acknowledged only when its job has ended or lies in the queue.',
      G10: 'Where events or tasks are lost, two sweeps end every complete set.',
      G11: 'A result is made of files that were in the bucket together. A file that is uploaded again makes a new job.',
      G12: 'A job that has ended stays as it is.',
      G13: 'A file that nothing can be made of gets an error file that says why. One that kills its process fails after `MAX_ATTEMPTS`.',
      G14: 'Hours without quota, model or storage cost no attempt and no call of a job.',
      G15: 'A fault that the operator must mend fails no job: they wait, and go on after the mend.',
      G16: 'The id of a job stays the same over releases, so nothing that has ended runs again.',
      G17: 'An instance that is told to end frees its jobs at once.',
      G27: 'Where `RESULTS_TOPIC` is set, it is told of every end of a job at least once.',
    },
  },
  {
    about: 'Money',
    promises: {
      G18: 'Each call of a model is counted before it is made, and a job makes at most `MAX_MODEL_CALLS` for one region.',
      G19: 'A call that may be billed is not sent again without being counted. With `MAX_MODEL_CALLS=1` no picture is billed twice.',
      G20: 'The calls of jobs cost at most `DAILY_COST_CAP_USD` a day, in all instances together.',
      G21: 'A dry run calls no model and writes nothing.',
    },
  },
  {
    about: 'Callers',
    promises: {
      G22: 'One `Idempotency-Key` makes one job.',
      G23: 'A job that was cancelled stays cancelled, and each of its runs makes at most one more call.',
      G24: 'Events and requests can name objects of the configured buckets alone; a forged one does what a real one does.',
      G25: 'Prompts, pictures and tokens stand in no log line and in no error.',
    },
  },
  {
    about: 'Storage',
    promises: {
      G26: 'Jobs need nothing of a store but the numbered clauses in `test/contract/storage.test.ts`.',
    },
  },
];

const root = join(import.meta.dirname, '../..');

/** A title that ends with numbers: `... (G7)` or `... (G7, G9)`. */
const numbered = /\((?<numbers>G\d+(?:, G\d+)*)\)['"`]/g;

/** Number of a guarantee -> the files whose tests carry it. */
export function numbersIn(tests: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of tests) {
    for (const { groups: parts } of text.matchAll(numbered)) {
      for (const number of (parts?.['numbers'] ?? '').split(', ')) {
        found.set(number, (found.get(number) ?? new Set()).add(file));
      }
    }
  }
  return found;
}

const testFiles = (): ReadonlyMap<string, string> =>
  new Map(
    globSync('test/**/*.test.ts', { cwd: root })
      .map((file) => file.replaceAll('\\', '/'))
      .sort()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );

/**
 * `docs/guarantees.md`: each guarantee with the tests that show it.
 *
 * @throws when a guarantee has no test, or a test carries a number that no guarantee has.
 */
export function guaranteesDocument(tests = testFiles()): string {
  const found = numbersIn(tests);
  const known = groups.flatMap(({ promises }) => Object.keys(promises));
  const faults = [
    ...known.filter((number) => !found.has(number)).map((number) => `${number} has no test`),
    ...[...found.keys()].filter((number) => !known.includes(number)).map((number) => `${number} is unknown`),
  ];
  if (faults.length > 0) throw new Error(`Expected a test for each guarantee, got: ${faults.join('; ')}`);
  const tables = groups.map(({ about, promises }) => {
    const rows = Object.entries(promises).map(([number, promise]) => {
      const files = [...(found.get(number) ?? [])].map((file) => `\`${file}\``);
      return [number, promise, files.join(', ')];
    });
    return `## ${about}\n\n${markdownTable(['number', 'guarantee', 'shown by'], rows)}\n`;
  });
  return `# Guarantees

What this system promises, and the tests that show it: their titles end with the number. \`npm run docs\` writes
this page, and fails when a guarantee has no test or a test has an unknown number. What cannot be promised stands
in [architecture.md](architecture.md#what-goes-wrong-and-what-happens-then).

${tables.join('\n')}`;
}
