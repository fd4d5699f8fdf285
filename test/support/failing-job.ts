import { afterAll, beforeAll, expect, it } from 'vitest';
import { runJob } from '../../lib/jobs/run/run.ts';
import { drop, listed, openEmulator, textAt, workerStore } from './emulator-world.ts';
import { fakeEngine, jobsOf, never, runOptions } from './job-world.ts';
import type { FaultKind, FaultRule } from './storage-faults.ts';

export type Engine = ReturnType<typeof fakeEngine>;

export const beyondLeaseMs = 16 * 60_000;
// A fault that outlasts every try of the client shows what the job does about it.
export const longerThanRetries = 4;

export let emulator: Awaited<ReturnType<typeof openEmulator>>;
beforeAll(async () => {
  emulator = await openEmulator();
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** What ends a wait: the timeout of one request, or the deadline of the job as soon as a request hangs. */
interface Patience {
  readonly requestMs?: number;
  readonly deadline?: AbortController;
}

/** What one process does from the event to the end. */
export async function work(
  worker: string,
  name: string,
  engine: Engine,
  patience: Patience = {},
): Promise<void> {
  // Without a timeout in most cases: a crashed process must not wake up in a later case.
  const store = workerStore(emulator, worker, patience.requestMs ?? 3_600_000);
  const signal = patience.deadline?.signal ?? never;
  for (const job of await jobsOf(store, name, {}, signal)) {
    await runJob(job, runOptions(store, engine), signal);
  }
}

/** Delivers the event again until it is acknowledged, each time after the end of the lease. */
export async function recover(name: string, engine: Engine): Promise<number> {
  const mostDeliveries = 4;
  for (let delivery = 1; delivery <= mostDeliveries; delivery++) {
    emulator.advance(beyondLeaseMs);
    const ended = await work(`heir-${delivery}`, name, engine).then(
      () => true,
      () => false,
    );
    if (ended) return delivery;
  }
  throw new Error('expected an end within four deliveries');
}

interface HowItEnds {
  readonly requestMs?: number;
  readonly isPastDeadline?: boolean;
}

export let cases = 0;
export async function caseWith(rule: Omit<FaultRule, 'match'> | undefined, how: HowItEnds = {}) {
  const name = `case-${++cases}/p.jpg`;
  const user = workerStore(emulator, 'user');
  await drop(user, name, 'photo');
  await drop(user, `case-${cases}/p.mask.png`, 'mask');
  emulator.faults.reset();
  const engine = fakeEngine((call) => `painted ${call}`);
  const worker = `first-${cases}`;
  const died = Promise.withResolvers<false>();
  const deadline = how.isPastDeadline ? new AbortController() : undefined;
  const patience: Patience = { ...how, ...(deadline === undefined ? {} : { deadline }) };
  if (rule !== undefined) {
    const onHit = rule.kind.startsWith('crash')
      ? () => died.resolve(false)
      : deadline === undefined
        ? rule.onHit
        : () => deadline.abort(new DOMException('The deadline has passed', 'TimeoutError'));
    emulator.faults.set([{ ...rule, match: { worker }, ...(onHit === undefined ? {} : { onHit }) }]);
  }
  emulator.requests.reset();
  const ended = work(worker, name, engine, patience).then(
    () => true,
    () => false,
  );
  const acknowledged = await Promise.race([ended, died.promise]);
  const requests = emulator.requests.snapshot().total;
  return { name, engine, acknowledged, requests };
}

/** Holds after any fault: one output of one reply, a manifest that describes it, and every call counted. */
export async function expectOneResult(name: string, engine: Engine): Promise<void> {
  const user = workerStore(emulator, 'user');
  const found = await listed(user, 'output', `${name}/`);
  expect(found.map((info) => info.name.split('/').at(-1))).toEqual(['1.jpg', 'manifest.json']);
  const [output, manifestInfo] = found;
  if (output === undefined || manifestInfo === undefined) return;
  expect(await textAt(user, output)).toMatch(/^photo\+mask\+painted \d$/);
  const manifest = JSON.parse(await textAt(user, manifestInfo));
  expect(manifest.outputs).toMatchObject([
    { name: output.name, generation: output.generation, crc32c: output.crc32c },
  ]);
  const [claim] = await listed(user, 'control', `claims/${manifest.job}`);
  expect(claim?.metadata['modelCalls']).toMatch(/^r0=[1-3]$/);
  expect(Number(claim?.metadata['modelCalls']?.slice(3))).toBeGreaterThanOrEqual(engine.calls.length);
}

interface FaultCase {
  readonly kind: FaultKind;
  readonly times: number;
  readonly mostCalls: number;
}

/** The test that a job survives this fault at every single request. */
export function itSurvives({ kind, times, mostCalls }: FaultCase): void {
  it(`${kind}, ${times} in a row, at every request: one result after recovery`, async () => {
    const { requests } = await caseWith(undefined);
    let hits = 0;
    for (let at = 1; at <= requests; at++) {
      const { name, engine, acknowledged } = await caseWith({ kind, at, times });
      hits += emulator.faults.hits().length > 0 ? 1 : 0;
      // A fault that one more try mends must cost neither a delivery nor a lease.
      if (times === 1 && !kind.startsWith('crash')) expect(acknowledged).toBe(true);
      if (!acknowledged) await recover(name, engine);
      await expectOneResult(name, engine);
      expect(engine.calls.length).toBeLessThanOrEqual(mostCalls);
    }
    expect(hits).toBe(requests);
  });
}

interface HangCase {
  readonly what: string;
  readonly how: HowItEnds;
  readonly mostCalls: number;
}

export function itSurvivesHangs({ what, how, mostCalls }: HangCase): void {
  it(`a hang at every request: ${what}; one result, also when the request ends at last`, async () => {
    const { requests } = await caseWith(undefined);
    // The last request ends the claim after the result is published: it has a timeout of its own.
    const last = how.isPastDeadline ? requests - 1 : requests;
    for (let at = 1; at <= last; at++) {
      const { name, engine, acknowledged } = await caseWith({ kind: 'hang', at }, how);
      expect(emulator.faults.hits()).toHaveLength(1);
      expect(acknowledged).toBe(!how.isPastDeadline);
      if (!acknowledged) await recover(name, engine);
      await expectOneResult(name, engine);
      emulator.faults.release();
      await new Promise(setImmediate);
      await expectOneResult(name, engine);
      expect(engine.calls.length).toBeLessThanOrEqual(mostCalls);
    }
  });
}
