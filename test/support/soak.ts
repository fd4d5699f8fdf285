import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Storage } from '@google-cloud/storage';
import { type Budget, defaultBudget } from '../../lib/jobs/claim/budget.ts';
import { readTerminalName } from '../../lib/jobs/inputs/names.ts';
import { listed, openEmulator, textAt, workerStore } from './emulator-world.ts';
import { random } from './pictures.ts';

export interface SoakSettings {
  readonly storageUrl: string;
  readonly modelUrl: string;
  readonly budget: Budget;
}

interface SoakOptions {
  readonly jobs: number;
  readonly workers: number;
  readonly seed: number;
  /** How many of a hundred deliveries end with a SIGKILL of their worker. */
  readonly killPercent: number;
}

interface SoakTally {
  readonly pairs: number;
  readonly deliveries: number;
  readonly redeliveries: number;
  readonly kills: number;
  readonly reuploads: number;
  readonly published: number;
  /** Results of pictures that were replaced later. */
  readonly superseded: number;
  readonly modelCalls: number;
  readonly mostCallsOfOneJob: number;
  readonly seconds: number;
  /** Broken promises; empty when all hold. */
  readonly faults: readonly string[];
}

// Leases of seconds instead of minutes: a soak waits for the end of many leases.
const budget: Budget = { ...defaultBudget, maxAttempts: 50, leaseMs: 1500, deadlineMs: 1200 };

interface Delivery {
  readonly number: number;
  readonly name: string;
  readonly dueMs: number;
}

/**
 * Uploads many pairs to several worker processes with kills, duplicated and reordered events and re-uploads,
 * then checks the buckets and the calls of the model.
 */
export async function soak(options: SoakOptions): Promise<SoakTally> {
  const started = performance.now();
  await using emulator = await openEmulator();
  using model = await startModel(options.seed);
  const settings: SoakSettings = { storageUrl: emulator.url, modelUrl: model.url, budget };
  const next = random(options.seed);
  const storage = new Storage({ apiEndpoint: emulator.url, projectId: 'local' });
  const upload = (name: string, text: string) =>
    storage.bucket('input').file(name).save(text, { resumable: false, validation: false });
  const versions = new Map<string, string>();
  const tally = { deliveries: 0, redeliveries: 0, kills: 0, reuploads: 0 };
  const waiting: Delivery[] = [];
  const deliver = (name: string, afterMs: number) =>
    waiting.push({ number: ++tally.deliveries, name, dueMs: performance.now() + afterMs });
  const announce = (name: string) => {
    // At least once, in any order, sometimes twice.
    deliver(name, next() * 400);
    if (next() < 0.3) deliver(name, next() * 400);
  };
  const dropPair = async (index: number, version: number) => {
    const name = `d/p${index}.jpg`;
    versions.set(name, `photo ${index} v${version} with mask ${index}`);
    await upload(name, `photo ${index} v${version}`);
    announce(name);
    if (version > 1) return;
    await upload(`d/p${index}.mask.png`, `mask ${index}`);
    announce(`d/p${index}.mask.png`);
  };

  let dropped = 0;
  let busy = 0;
  const isOver = () => dropped === options.jobs && waiting.length === 0 && busy === 0;
  const drops = (async () => {
    for (; dropped < options.jobs; dropped++) {
      await dropPair(dropped, 1);
      if (next() < 0.05) {
        tally.reuploads++;
        await dropPair(Math.floor(next() * dropped), 2);
      }
      // Not far ahead of the workers, so that a re-upload meets a running job.
      while (waiting.length > 20 * options.workers) await sleep(5);
    }
  })();

  async function keepWorking(): Promise<void> {
    let worker: ChildProcess | undefined;
    while (!isOver()) {
      const at = waiting.findIndex(({ dueMs }) => dueMs <= performance.now());
      if (at < 0) {
        await sleep(5);
        continue;
      }
      busy++;
      const [delivery] = waiting.splice(at, 1) as [Delivery];
      worker ??= await startWorker(settings);
      const isDoomed = next() * 100 < options.killPercent;
      const answer = await ask(worker, delivery, isDoomed ? next() * 60 : undefined);
      if (answer === 'killed') {
        tally.kills++;
        worker = undefined;
      }
      if (answer !== 'acknowledged') {
        tally.redeliveries++;
        const afterMs = answer === 'killed' ? 50 : Math.min(answer.retryAfterMs, budget.leaseMs);
        waiting.push({ ...delivery, dueMs: performance.now() + afterMs });
      }
      busy--;
    }
    worker?.kill('SIGKILL');
  }
  await Promise.all([drops, ...Array.from({ length: options.workers }, keepWorking)]);

  const audited = await audit(versions, workerStore(emulator, 'auditor'), model.calls);
  return {
    pairs: options.jobs,
    ...tally,
    ...audited,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

type Answer = 'acknowledged' | 'killed' | { readonly retryAfterMs: number };

function ask(
  worker: ChildProcess,
  { number, name }: Delivery,
  killAfterMs: number | undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => worker.kill('SIGKILL'), killAfterMs);
    const onMessage = (message: { acknowledged: boolean; retryAfterMs?: number }) => {
      // A doomed worker dies with its answer: the event is delivered again in any case.
      if (killAfterMs !== undefined) return;
      clearTimeout(timer);
      worker.off('exit', onExit).off('message', onMessage);
      resolve(message.acknowledged ? 'acknowledged' : { retryAfterMs: message.retryAfterMs ?? 50 });
    };
    const onExit = () => resolve('killed');
    worker.on('message', onMessage).once('exit', onExit);
    worker.send({ delivery: number, name });
  });
}

function startWorker(settings: SoakSettings): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('soak-worker.ts', import.meta.url));
  const worker = fork(path, [JSON.stringify(settings)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was ready`)));
  });
}

/** A model that answers slowly, sometimes with an error, and counts the calls that would be billed. */
async function startModel(seed: number) {
  const calls = new Map<string, number>();
  const next = random(seed + 1);
  const server = createServer(async (request, response) => {
    const what = new URL(request.url ?? '/', 'http://model').searchParams.get('for') ?? '';
    const luck = next();
    if (luck < 0.05) {
      response.writeHead(429).end();
      return;
    }
    const count = (calls.get(what) ?? 0) + 1;
    calls.set(what, count);
    await sleep(next() * 30);
    if (luck < 0.07 && count === 1) response.writeHead(503).end();
    else response.end(`painted ${count}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function audit(
  versions: ReadonlyMap<string, string>,
  store: ReturnType<typeof workerStore>,
  calls: ReadonlyMap<string, number>,
) {
  const faults: string[] = [];
  const inputs = new Map((await listed(store, 'input', '')).map((info) => [info.name, info]));
  const outputs = await listed(store, 'output', '');
  const byName = new Map(outputs.map((info) => [info.name, info]));
  const terminals = outputs.filter(({ name }) => readTerminalName(name) !== undefined);
  for (const [name, content] of versions) {
    const ofImage = terminals.filter((info) => readTerminalName(info.name)?.imageName === name);
    const current = ofImage.filter(({ metadata }) => metadata['image'] === inputs.get(name)?.generation);
    if (current.length !== 1) faults.push(`${name}: ${current.length} results of its current version`);
    const [terminal] = current;
    if (terminal === undefined) continue;
    if (!terminal.name.endsWith('manifest.json')) {
      // A job may use up its calls when each of its workers is killed: then it must report that.
      if ((calls.get(content) ?? 0) < budget.maxModelCalls) faults.push(`${name}: failed with calls left`);
      continue;
    }
    const output = byName.get(terminal.name.replace('manifest.json', '1.jpg'));
    const manifest = JSON.parse(await textAt(store, terminal)) as { outputs: { generation: string }[] };
    if (output === undefined) faults.push(`${name}: manifest without output`);
    else if (!(await textAt(store, output)).startsWith(content))
      faults.push(`${name}: output of other inputs`);
    // Written once: the output has the generation that stands in the manifest.
    if (manifest.outputs[0]?.generation !== output?.generation) faults.push(`${name}: output was replaced`);
  }
  for (const info of outputs) {
    if (info.metageneration !== '1') faults.push(`${info.name}: changed after it was written`);
  }
  const counts = [...calls.values()];
  const mostCallsOfOneJob = Math.max(0, ...counts);
  if (mostCallsOfOneJob > budget.maxModelCalls)
    faults.push(`${mostCallsOfOneJob} calls of the model for one job`);
  return {
    published: terminals.filter(({ name }) => name.endsWith('manifest.json')).length,
    superseded: terminals.length - versions.size,
    modelCalls: counts.reduce((sum, count) => sum + count, 0),
    mostCallsOfOneJob,
    faults,
  };
}
