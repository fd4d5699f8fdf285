import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { EditError } from '../../lib/errors.ts';
import { type Draw, drawFrom } from '../fuzz/draw.ts';
import { type MemoryBuckets, memoryBuckets } from '../support/memory-store.ts';

/**
 * The machines on which the simulated functions run: their clock, and everything that they ask the world. A
 * call of the world is held until the scheduler lets it go, so a seed decides the order of all of them.
 */

/** One process of the functions. */
export interface Instance {
  readonly name: string;
  /**
   * `dead`: nothing that it waits for ever comes. `frozen`: it has no processor; its requests and timers
   * wait.
   */
  state: 'up' | 'frozen' | 'dead';
  /** A process that wakes up reads the answers that have come before it looks at its timers. */
  timersFromMs: number;
  readonly shutdown: AbortController;
}

export type CallKind = 'storage' | 'queue' | 'model' | 'topic';

/** A request on its way; the instance waits for its answer. */
export interface Call {
  readonly instance: Instance;
  readonly kind: CallKind;
  readonly what: string;
  /** What the request does at the other side. */
  readonly act: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Timer {
  readonly dueMs: number;
  readonly instance: Instance | undefined;
  readonly fire: () => void;
}

export interface Machine {
  readonly draw: Draw;
  readonly buckets: MemoryBuckets;
  /** Requests under way, in the order in which they were sent. */
  readonly calls: Call[];
  /** Requests whose senders do not wait any more: they may arrive late, or never. */
  readonly strays: Call[];
  readonly timers: Set<Timer>;
  readonly instances: Instance[];
  nowMs: number;
  readonly tell: (line: string) => void;
  readonly hash: () => string;
  readonly lines: readonly string[];
}

/** The instance that the running code belongs to; `undefined` for the world around. */
export const here = new AsyncLocalStorage<Instance>();

const morningMs = Date.UTC(2026, 0, 1, 6);

function newMachine(seed: number): Machine {
  const hash = createHash('sha256');
  const lines: string[] = [];
  const made: Machine = {
    draw: drawFrom(seed),
    buckets: memoryBuckets(),
    ...{ calls: [], strays: [], timers: new Set(), instances: [] },
    nowMs: morningMs,
    tell(line) {
      const told = `${((made.nowMs - morningMs) / 1000).toFixed(2)} s  ${line}`;
      lines.push(told);
      hash.update(`${told}\n`);
    },
    hash: () => hash.copy().digest('hex').slice(0, 16),
    lines,
  };
  return made;
}

let current = newMachine(0);

export const machine = (): Machine => current;

/** A new world without instances; what belongs to the one before is dropped. */
export function startMachine(seed: number): Machine {
  current = newMachine(seed);
  return current;
}

/** Asks the world, and waits until the scheduler lets the answer through. */
export function ask<T>(kind: CallKind, what: string, act: () => T | Promise<T>): Promise<T> {
  const instance = here.getStore();
  if (instance === undefined) return Promise.resolve(act());
  if (instance.state === 'dead' || !current.instances.includes(instance)) return new Promise(() => {});
  return new Promise<T>((resolve, reject) => {
    current.calls.push({ instance, kind, what, act, resolve: resolve as (value: unknown) => void, reject });
  });
}

/** The process is gone: requests that it has sent may still arrive. */
export function kill(instance: Instance): void {
  instance.state = 'dead';
  for (const timer of current.timers) if (timer.instance === instance) current.timers.delete(timer);
  for (const call of current.calls.filter((each) => each.instance === instance)) {
    current.calls.splice(current.calls.indexOf(call), 1);
    if (current.draw.chance(0.5)) current.strays.push(call);
  }
}

/** What a client sees when the connection breaks, or the service is away. */
export const brokenCall = ({ kind, what }: Call, code: string): Error =>
  kind === 'storage'
    ? new EditError('STORAGE_UNAVAILABLE', `Expected an answer to ${what}, got ${code}`)
    : new TypeError('fetch failed', { cause: { code } });

function isAwake({ instance }: Timer): boolean {
  return instance === undefined || (instance.state === 'up' && instance.timersFromMs <= current.nowMs);
}

/** Runs the timers that are due, the earliest first. */
export function fireTimers(): void {
  for (;;) {
    const due = [...current.timers].filter((timer) => timer.dueMs <= current.nowMs && isAwake(timer));
    const [first] = due.sort((a, b) => a.dueMs - b.dueMs);
    if (first === undefined) return;
    current.timers.delete(first);
    first.fire();
  }
}

/** When the next timer of a running instance is due. */
export const nextTimerMs = (): number =>
  Math.min(
    ...[...current.timers]
      .filter(({ instance }) => instance === undefined || instance.state === 'up')
      .map(({ dueMs, instance }) => Math.max(dueMs, instance?.timersFromMs ?? 0)),
  );

/** Calls once after a time; the result cancels it. */
export function after(ms: number, callback: () => void): () => void {
  const timer = {
    dueMs: current.nowMs + Math.max(0, ms),
    instance: here.getStore(),
    fire: AsyncLocalStorage.bind(callback),
  };
  const { timers } = current;
  timers.add(timer);
  return () => void timers.delete(timer);
}
