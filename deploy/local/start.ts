import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, styleText } from 'node:util';
import pretty from 'pino-pretty';
import { jsonLog, type Log } from '../../lib/log.ts';
import { demoPair } from './demo.ts';
import { type LocalSystem, startLocalSystem } from './system.ts';

/**
 * `npm start`: runs everything on this machine, sends a demo through it, and prints what to try next.
 * `-- --queue`: jobs go through a queue, as in large deployments.
 * `-- --engine gemini`: runs a model's adapter against an emulator of its API.
 */

const root = '.local';
const defaultPort = 8080;
const demoName = 'demo.jpg';

const { values: flags } = parseArgs({
  options: {
    queue: { type: 'boolean', default: false },
    engine: { type: 'string' },
    model: { type: 'string' },
  },
});
const port = Number(process.env['PORT'] ?? defaultPort);
const system = await start();
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
await runDemo(stopped.signal).catch((error: unknown) => {
  if (!stopped.signal.aborted) throw error;
});
if (!stopped.signal.aborted) printNext(system);
await untilStopped(stopped.signal);
await system.close();
console.log('\nStopped. What is in .local/ is kept.');
process.exit(0);

async function start(): Promise<LocalSystem> {
  const isDebugging = process.env['LOG_LEVEL'] === 'debug';
  // In the cloud a line carries every field; here a person reads along.
  const stream = pretty({
    colorize: process.stdout.isTTY,
    messageKey: 'message',
    messageFormat: shortLine,
    hideObject: !isDebugging,
    ignore: 'severity',
    translateTime: 'SYS:HH:MM:ss',
    sync: true,
  });
  try {
    return await startLocalSystem({
      root,
      port,
      storagePort: port === 0 ? 0 : port + 1,
      log: isDebugging ? jsonLog({ stream }) : withoutTaskLines(jsonLog({ stream })),
      hasQueue: flags.queue,
      environment: {
        ...process.env,
        ...(flags.engine === undefined ? {} : { ENGINE: flags.engine }),
        ...(flags.model === undefined ? {} : { MODEL: flags.model }),
      },
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** A log line for people: message, file, duration, and the code of an error. */
function shortLine({ message, image, ms, code }: Record<string, unknown>): string {
  const facts = [
    typeof image === 'string' ? image : '',
    ms === undefined ? '' : `${ms} ms`,
    String(message).includes(String(code ?? '')) ? '' : String(code),
  ];
  return [message, ...facts.filter((fact) => fact !== '')].join(', ');
}

/** Leaves out the answers to tasks: they repeat what the line of the job said. */
function withoutTaskLines(log: Log): Log {
  return {
    ...log,
    info: (message, fields) => {
      if (!message.startsWith('runJob answered')) log.info(message, fields);
    },
    warn: (message, fields) => {
      if (!message.startsWith('runJob refused')) log.warn(message, fields);
    },
  };
}

/** Drops the demo pair into the input folder as a person would, and waits for its result. */
async function runDemo(signal: AbortSignal): Promise<void> {
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
  const { outputs, timingsMs, proofs, maskCoverage } = manifest.facts;
  const total = Object.values(timingsMs).reduce((sum, ms) => sum + ms, 0);
  const { differingPixels, comparedPixels, outside } = proofs[0] ?? {};
  heading('Done.');
  console.log(`  before   ${join(input, demoName)}
  mask     ${join(input, 'demo.mask.png')}   ${(maskCoverage * 100).toFixed(1)} % of the picture may change
  after    ${join(root, 'output', outputs[0]?.name ?? '')}
  report   ${relative('.', manifest.path)}
  took     ${total} ms: ${Object.entries(timingsMs)
    .map(([name, ms]) => `${name} ${ms}`)
    .join(', ')}
  proof    ${differingPixels} of ${comparedPixels} pixels outside the mask differ (${outside})`);
}

interface ManifestFacts {
  readonly outputs: readonly { readonly name: string }[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly maskCoverage: number;
  readonly proofs: readonly {
    readonly outside: string;
    readonly comparedPixels: number;
    readonly differingPixels: number;
  }[];
}

async function manifestIn(
  folder: string,
  signal: AbortSignal,
): Promise<{ path: string; facts: ManifestFacts }> {
  for (;;) {
    const jobs = await readdir(folder).catch(() => []);
    for (const job of jobs) {
      const path = join(folder, job, 'manifest.json');
      if (existsSync(path)) return { path, facts: JSON.parse(await readFile(path, 'utf8')) as ManifestFacts };
    }
    await sleep(200, undefined, { signal });
  }
}

function printNext({ url, storage }: LocalSystem): void {
  heading('Try next');
  console.log(`  Drop files      put photo.jpg and photo.mask.png (white = edit) into ${root}/input/
                  and find the result in ${root}/output/photo.jpg/
  Over HTTP       curl -F image=@${root}/input/demo.jpg -F mask=@${root}/input/demo.mask.png ${url}/edit -o out.jpg
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
