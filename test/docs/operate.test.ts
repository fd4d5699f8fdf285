import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { settings } from '../../lib/config.ts';
import { knownModels } from '../../lib/engines/models.ts';
import { EditError, errorCodes } from '../../lib/errors.ts';
import { imageSizes } from '../../lib/requests/values.ts';
import { markdownTable } from '../bench/markdown.ts';
import { gcloudCommands, shellBlocks } from '../support/gcloud-commands.ts';
import { type LogEntry, matchesFilter, valueAt } from '../support/terraform/log-filter.ts';
import { writtenLines } from '../support/terraform/written-lines.ts';

const path = new URL('../../docs/operate.md', import.meta.url);
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const document = readFileSync(path, 'utf8');
const commands = shellBlocks(document).flatMap((block) => gcloudCommands(block));

const usd = (price: number | undefined) => (price === undefined ? '-' : (price * 1000).toFixed(0));

/** Only models that edit; the others make or enlarge whole pictures. */
function costs(): string {
  const edits = Object.entries(knownModels).filter(([, { apis }]) =>
    apis.some((api) => ['imagen', 'imagen2', 'gemini', 'endpoint'].includes(api)),
  );
  return markdownTable(
    ['model', ...imageSizes, 'state'],
    [
      ['`patchmatch` (embedded)', '0', '0', '0', 'current'],
      ...edits.map(([model, { usdPerImage = {}, state = 'unknown' }]) => [
        `\`${model}\``,
        ...imageSizes.map((size) => usd(usdPerImage[size])),
        state,
      ]),
    ],
  );
}

const pictures = 1e6;
const secondsOfJob = 20;
const worker = { cpu: 2, gib: 4 };
/** Of new uploads, which go on beside the million. */
const liveAtOnce = 8;
const requestsOfJob = { writes: 6, reads: 4, listings: 6 };
/** Sweeps come so often; and so long one begins new pictures, of the deadline that Terraform gives it. */
const [sweepSeconds, workSeconds] = [600, 0.9 * 510];
/** Three listings and a task, or the listings alone, of so long each, ten pictures at once: an assumption, no measurement. */
const [jobRequests, lonelyRequests, secondsOfRequest, looksAtOnce] = [4, 3, 0.15, 10];
const maxJobsOfSweep = Math.floor((workSeconds * looksAtOnce) / (jobRequests * secondsOfRequest));
const taskDays = 31;

function scale(): string {
  const requests = Object.values(requestsOfJob).reduce((sum, count) => sum + count);
  return markdownTable(
    [
      ...['`per_second`', 'days', 'calls a minute', '`at_once`', '`max_workers`', 'vCPU', 'GiB'],
      ...['storage requests a second', '`SWEEP_MAX_JOBS`'],
    ],
    [0.1, 0.5, 2, 10, 30].map((perSecond) =>
      [
        perSecond,
        (pictures / perSecond / 86_400).toFixed(1),
        perSecond * 60,
        perSecond * secondsOfJob,
        perSecond * secondsOfJob + liveAtOnce,
        (perSecond * secondsOfJob + liveAtOnce) * worker.cpu,
        (perSecond * secondsOfJob + liveAtOnce) * worker.gib,
        Number((perSecond * requests).toFixed(1)),
        perSecond * sweepSeconds <= maxJobsOfSweep ? perSecond * sweepSeconds : '-',
      ].map(String),
    ),
  );
}

function written(text: string, name: string, table: string): string {
  const [start, end] = [`<!-- ${name}: written by UPDATE_DOCS=1 npm test -->`, `<!-- /${name} -->`];
  const [before, rest] = [text.slice(0, text.indexOf(start)), text.slice(text.indexOf(end))];
  return `${before}${start}\n\n${table}\n\n${rest}`;
}

test('costs and arithmetic are what the code and the settings say', () => {
  const expected = written(written(document, 'costs', costs()), 'scale', scale());
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, expected);
  expect(readFileSync(path, 'utf8')).toBe(expected);
});

test('the figures in the text are those of code, Terraform and measurement', () => {
  const { writes, reads, listings } = requestsOfJob;
  const measured = `${writes} writes, ${reads} reads and ${listings} listings`;
  expect(read('docs/architecture.md')).toContain(measured);
  expect(document).toContain(`${writes} writes and ${listings} listings`);
  expect(document).toContain(`${writes + reads + listings} storage requests each`);
  expect(settings.SWEEP_MAX_JOBS.safeParse(String(maxJobsOfSweep)).success).toBe(true);
  expect(document).toContain(
    `at ${secondsOfRequest * 1000} ms a request, ${looksAtOnce} pictures at once, ${maxJobsOfSweep.toLocaleString('en')} jobs`,
  );
  expect(document).toContain(`${Math.floor(maxJobsOfSweep / sweepSeconds)} jobs a second`);
  const lonely = (workSeconds * looksAtOnce) / (lonelyRequests * secondsOfRequest);
  expect(document).toContain(
    `some ${(Math.floor(lonely / 1000) * 1000).toLocaleString('en')} that lack a mask`,
  );
  expect(read('lib/jobs/sweep/sweep.ts')).toContain(`looksAtOnce = ${looksAtOnce};`);
  const wiring = read('lib/wiring/jobs.ts');
  expect(wiring).toContain(`tasksAtOnce = ${looksAtOnce};`);
  const share = Number(/sweepShare = ([\d.]+);/.exec(wiring)?.[1]);
  expect((share * Number(settings.EDIT_DEADLINE_MS.parse(undefined))) / 1000).toBeCloseTo(workSeconds);
  const feed = Number(settings.SWEEP_MAX_JOBS.parse(undefined)) / sweepSeconds;
  expect(feed).toBeCloseTo(1 / 3);
  // A million tasks at once would take longer than a task lives.
  expect(pictures / feed / 86_400).toBeGreaterThan(taskDays);
  const variables = read('deploy/terraform/variables.tf');
  expect(variables).toContain(`default     = { per_second = 2, at_once = ${liveAtOnce} }`);
  expect(variables).toContain(`default     = "${worker.gib}Gi"`);
  expect(read('deploy/terraform/functions.tf')).toMatch(
    new RegExp(`module "run_job" {[^}]*cpu +=  ?${worker.cpu}\\n`),
  );
  const [, atOnce, maxWorkers] = /at_once = (\d+) \}\nmax_workers += (\d+) /.exec(document) ?? [];
  expect(Number(maxWorkers)).toBe(Number(atOnce) + liveAtOnce);
  expect(document).toContain(
    `# ${Number(maxWorkers) * worker.cpu} vCPU, ${Number(maxWorkers) * worker.gib} GiB`,
  );
  expect(variables).toContain('default     = "*/10 * * * *"');
  expect(variables).toMatch(/variable "daily_cost_cap_usd" \{[^}]*default {5}= 20\n/);
});

/** Whoever runs a command has read before that nobody has. */
test.each([
  ['README.md', '## Deploy'],
  ['deploy/terraform/README.md', '# Terraform'],
  ['docs/operate.md', '# Operating'],
])('%s says that nothing was run against a project, before its first command', (file, heading) => {
  const [, section = ''] = read(file).split(`${heading}\n`);
  const [before = ''] = section.split(/```sh\n/);
  expect(before).toMatch(/(?:None of this has been|^Not) run against a project yet/m);
});

test('the dry run waits for its server, and asks with the engine and model of the deployment', () => {
  const block = shellBlocks(document).find((text) => text.includes('"dryRun":true')) ?? '';
  const [engine, model] =
    /variable "model" \{[^}]*default {5}= "(\w+):([\w.-]+)"/
      .exec(read('deploy/terraform/variables.tf'))
      ?.slice(1) ?? [];
  expect(block).toContain(` ENGINE=${engine} MODEL=${model} `);
  const steps = [
    'npm ci\n',
    'npx functions-framework',
    '&\ncurl --retry 60 --retry-connrefused',
    '\nkill %1\n',
  ];
  const places = steps.map((step) => block.indexOf(step));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

describe('incidents', () => {
  const rows = [...document.matchAll(/^\| (?:`([A-Z_]+)`|-) \| (.*) \|$/gm)];
  const coded = rows.map(([, code]) => code).filter((code) => code !== undefined);

  test('every code that the operator or nobody can help is there, once', () => {
    const wanted = errorCodes.filter((code) => new EditError(code, '').kind !== 'input');
    expect(wanted.length).toBeGreaterThan(15);
    expect(wanted.filter((code) => !coded.includes(code))).toEqual([]);
    expect(coded.filter((code) => !(errorCodes as readonly string[]).includes(code))).toEqual([]);
    expect(new Set(coded).size).toBe(coded.length);
  });

  test('what to do leads somewhere', () => {
    const headings = [...document.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...document.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((anchor) => !headings.includes(String(anchor)))).toEqual([]);
  });
});

test('settings and codes that are named exist', () => {
  const named = [...document.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`|\b([A-Z]+(?:_[A-Z]+)+)=/g)].map(
    ([, quoted, set]) => String(quoted ?? set),
  );
  const known: readonly string[] = [...Object.keys(settings), ...errorCodes, 'UPDATE_DOCS'];
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

describe('log queries', () => {
  let entries: LogEntry[];
  beforeAll(async () => {
    entries = await writtenLines();
  });
  const queries = commands
    .filter(({ words }) => words[0] === 'logging')
    .map(({ words, flags }) => ({ filter: String(words[2]), format: flags.get('--format') ?? '' }));

  /** Names and figures of one picture or trace are examples; fields beside the payload are Cloud Logging's own. */
  const generalised = (filter: string) =>
    filter
      .split(' AND ')
      .filter((term) => !/^(severity|labels|trace)\b/.test(term))
      .map((term) => term.replace(/="dir\/photo.jpg"$|[<>]=?\d+$/, ':*'));

  test('each finds a line that the functions write', () => {
    expect(queries.length).toBeGreaterThan(8);
    const lost = queries.filter(({ filter }) => {
      const terms = generalised(filter);
      return terms.length > 0 && !entries.some((entry) => matchesFilter(terms.join(' AND '), entry));
    });
    expect(lost).toEqual([]);
  });

  test('each shows fields of such a line', () => {
    const fields = queries.flatMap(({ format }) => format.match(/jsonPayload\.\w+/g) ?? []);
    expect(fields.length).toBeGreaterThan(5);
    const isWritten = (field: string) => entries.some((entry) => valueAt(entry, field) !== undefined);
    expect(fields.filter((field) => !isWritten(field))).toEqual([]);
  });

  test('a field that nobody writes is found', () => {
    expect(entries.some((entry) => matchesFilter('jsonPayload.result:*', entry))).toBe(false);
  });
});
