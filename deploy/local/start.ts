import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import pretty from 'pino-pretty';
import { parseEngineName, priceOf } from '../../lib/engines/engines.ts';
import { asEditError } from '../../lib/errors.ts';
import { smallestFrame } from '../../lib/jobs/run/cost.ts';
import { jsonLog, type Log } from '../../lib/log.ts';
import { type CommandLine, readCommandLine, usage } from './command-line.ts';
import '../build-page.js';
import { demoPair } from './demo.ts';
import { peopleLog } from './people-log.ts';
import { type LocalSystem, startLocalSystem } from './system.ts';

/** `npm start`: runs everything on this machine, sends a demo through it, and prints what to try next. */

const root = '.local';
const demoName = 'demo.png';
const sweepEveryMs = 60_000;
/** A model that does not answer must not keep the other help back. */
const demoPatienceMs = 60_000;
/** npm passes on a Ctrl-C that the terminal has sent already: the second one within this time is the same. */
const sameSignalMs = 1000;

const stopped = new AbortController();
const system = await start();
listenForEnd();
printSystem(system);
const demo = runDemo(system.engine, stopped.signal).catch((error: unknown) => {
  if (!stopped.signal.aborted) throw error;
});
await Promise.race([demo, sleep(demoPatienceMs, undefined, { ref: false })]);
if (!stopped.signal.aborted) printNext(system);
await untilStopped(stopped.signal);
await system.close();
console.log('\nStopped. What is in .local/ is kept.');
process.exit(0);

async function start(): Promise<LocalSystem> {
  try {
    const { isHelp, hasQueue, port, environment } = readCommandLine(process.argv.slice(2), process.env);
    if (isHelp) {
      console.log(usage);
      process.exit(0);
    }
    return await startLocalSystem({
      ...{ root, port, hasQueue, environment, sweepEveryMs },
      storagePort: port === 0 ? 0 : port + 1,
      log: logFor(environment),
    });
  } catch (error) {
    console.error(asEditError(error).message);
    process.exit(1);
  }
}

/** In the cloud a line carries every field; here a person reads along. */
function logFor(environment: CommandLine['environment']): Log {
  const isDebugging = environment['LOG_LEVEL'] === 'debug';
  const stream = pretty({
    colorize: process.stdout.isTTY,
    messageKey: 'message',
    messageFormat: shortLine,
    hideObject: !isDebugging,
    ignore: 'severity',
    translateTime: 'SYS:HH:MM:ss',
    sync: true,
  });
  const log = jsonLog({ stream });
  if (isDebugging) return log;
  silenceRepeats();
  return peopleLog(log, {
    outputFolder: join(root, 'output'),
    hasCosts: Boolean(environment['MODEL_BASE_URL'] || environment['HTTP_ENGINE']),
  });
}

/** A log line for people: message, duration, and the code of an error. */
function shortLine({ message, ms, code }: Record<string, unknown>): string {
  const facts = [
    ms === undefined ? '' : `${ms} ms`,
    String(message).includes(String(code ?? '')) ? '' : String(code),
  ];
  return [message, ...facts.filter((fact) => fact !== '')].join(', ');
}

/** The framework prints every error of an event, after the log has told it. */
function silenceRepeats(): void {
  const print = console.error;
  console.error = (...words) => {
    if (!/^[A-Z_]+: the event comes again$/.test(String(words[0]))) print(...words);
  };
}

function listenForEnd(): void {
  let firstAt = 0;
  const end = () => {
    firstAt ||= Date.now();
    if (Date.now() - firstAt > sameSignalMs) process.exit(1);
    stopped.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
}

/** Says what runs, who answers for the model, and what that costs. */
function printSystem({ url, storage, queueUrl, ...facts }: LocalSystem): void {
  const buckets = Object.values(facts.config.buckets ?? {}).join(', ');
  heading('Running');
  console.log(`  page       ${url}/studio/   paint a mask, see the edit
  engine     ${engineLine(facts)}
  functions  ${url}/edit, /mask, /generate, /upscale, /sweep
  storage    ${storage.url} (buckets ${buckets}; files in ${root}/)
  jobs       ${queueUrl === undefined ? 'run when their files arrive' : `wait in the queue at ${queueUrl}`}`);
}

function engineLine({ engine, isEmulated, config }: Pick<LocalSystem, 'engine' | 'isEmulated' | 'config'>) {
  const { engine: kind, model } = parseEngineName(engine);
  if (model === undefined) return `${engine}, on this machine, costs nothing`;
  if (isEmulated) return `${engine}, emulated on this machine, costs nothing`;
  const usd = priceOf(engine, config)({ frame: smallestFrame, samples: 1 });
  const price = usd === undefined ? 'its price is not known' : `about ${usd} USD for a picture of 1K`;
  const { url = config.modelBaseUrl } = (kind === 'http' && config.httpEngine) || {};
  return `${engine}, asked at ${url}: ${price}`;
}

/** Drops the demo pair into the input folder as a person would, and waits for its result. */
async function runDemo(engine: string, signal: AbortSignal): Promise<void> {
  const input = join(root, 'input');
  await mkdir(input, { recursive: true });
  const { photo, mask } = await demoPair();
  if (existsSync(join(input, demoName))) {
    heading('The demo pair is there from an earlier run.');
  } else {
    heading(`Dropping ${demoName} and demo.mask.png into ${input}/`);
    await writeFile(join(input, demoName), photo);
    await writeFile(join(input, 'demo.mask.png'), mask);
  }
  const folder = join(root, 'output', demoName);
  const manifest = await manifestIn(folder, signal);
  if (manifest === undefined) {
    heading(`The demo failed: ${folder}/ says why.`);
    return;
  }
  const { outputs, timingsMs, proofs, maskCoverage } = manifest.facts;
  const { differingPixels, comparedPixels, outside } = proofs[0] ?? {};
  heading(`Done by ${manifest.facts.engine}.`);
  console.log(`  before   ${join(input, demoName)}
  mask     ${join(input, 'demo.mask.png')}   ${(maskCoverage * 100).toFixed(1)} % of the picture may change
  after    ${join(root, 'output', outputs[0]?.name ?? '')}
  report   ${relative('.', manifest.path)}
  stages   ${Object.entries(timingsMs)
    .map(([name, ms]) => `${name} ${ms}`)
    .join(', ')} ms; some overlap
  proof    ${differingPixels} of ${comparedPixels} pixels outside the mask differ (${outside})`);
  if (manifest.facts.engine !== engine) console.log(`  Drop another pair to see ${engine} at work.`);
}

interface ManifestFacts {
  readonly engine: string;
  readonly outputs: readonly { readonly name: string }[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly maskCoverage: number;
  readonly proofs: readonly {
    readonly outside: string;
    readonly comparedPixels: number;
    readonly differingPixels: number;
  }[];
}

/** `undefined` when every job of the folder has failed. */
async function manifestIn(
  folder: string,
  signal: AbortSignal,
): Promise<{ path: string; facts: ManifestFacts } | undefined> {
  for (;;) {
    const jobs = await readdir(folder).catch(() => []);
    for (const job of jobs) {
      const path = join(folder, job, 'manifest.json');
      if (existsSync(path)) return { path, facts: JSON.parse(await readFile(path, 'utf8')) as ManifestFacts };
    }
    if (jobs.length > 0 && jobs.every((job) => existsSync(join(folder, job, 'error.json')))) return undefined;
    await sleep(200, undefined, { signal });
  }
}

function printNext({ url, storage }: LocalSystem): void {
  const { port } = new URL(url);
  heading('Try next');
  console.log(`  In a browser    ${url}/studio/
  Drop files      put photo.jpg and photo.mask.png (white = edit) into ${root}/input/
                  and find the result in ${root}/output/photo.jpg/
  See states      ${port === '8080' ? '' : `PORT=${port} `}npm run status
  Over HTTP       curl --fail-with-body -F image=@${root}/input/demo.png -F mask=@${root}/input/demo.mask.png ${url}/edit -o out.png
  With gcloud     CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE=${storage.url}/storage/v1/ CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true \\
                  gcloud storage cp photo.jpg photo.mask.png gs://input/
  Stop            Ctrl-C; what is in ${root}/ is kept, unfinished pairs are picked up at the next start.
`);
}

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
