import { type Clock, type ScopedClock, scopedClock } from '../clock.ts';
import { type JsonLines, openJsonLines, readJsonLines } from '../json-lines.ts';
import {
  backoffMs,
  DEFAULT_LIMITS,
  type QueueLimits,
  type RateLimit,
  rateLimit,
  retryAfterMs,
} from './limits.ts';
import { type Handled, sendTask } from './send-task.ts';
import { lastSegment, QueueError, type Task } from './task.ts';

/** A name stays taken for about this long after its task has ended. */
const DEDUPE_MS = 3_600_000;
/** `setTimeout` counts in 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface TaskQueueOptions {
  readonly name: string;
  readonly journalPath: string;
  readonly limits: QueueLimits;
  readonly isPaused: boolean;
  readonly clock: Clock;
  readonly log: (message: string) => void;
}

/** One queue: takes a task once by name, and sends it until it is answered with 2xx. */
export interface TaskQueue {
  readonly name: string;
  /** @throws {QueueError} 409 when the name is taken. */
  add(task: Task): void;
  list(): readonly Task[];
  pause(): void;
  resume(): void;
  /** Resolves when no task is left. */
  idle(): Promise<void>;
  close(): void;
}

type JournalEntry = { readonly task: Task } | { readonly over: string; readonly atMs: number };

interface QueueState {
  readonly name: string;
  readonly limits: Required<QueueLimits>;
  readonly clock: ScopedClock;
  readonly log: (message: string) => void;
  readonly rate: RateLimit;
  readonly journal: JsonLines<JournalEntry>;
  /** Tasks that have not ended. */
  readonly tasks: Map<string, Task>;
  /** Names of ended tasks, and when they ended. */
  readonly ended: Map<string, number>;
  readonly closing: AbortController;
  /** Tasks that are due. */
  readonly ready: Task[];
  inFlight: number;
  isPaused: boolean;
  isWaitingForRate: boolean;
  whenIdle: (() => void)[];
}

/** Opens a queue with the tasks that an earlier run left. */
export function openTaskQueue(options: TaskQueueOptions): TaskQueue {
  const state = restoredState(options);
  const { name, tasks } = state;
  for (const task of tasks.values()) schedule(state, task);
  return {
    name,
    add: (task) => addTask(state, task),
    list: () => [...tasks.values()],
    pause: () => {
      state.isPaused = true;
    },
    resume: () => {
      state.isPaused = false;
      pump(state);
    },
    idle: () => new Promise((resolve) => (tasks.size === 0 ? resolve() : state.whenIdle.push(resolve))),
    close: () => {
      state.closing.abort();
      state.clock.cancelAll();
      state.journal.close();
    },
  };
}

function restoredState({ name, journalPath, isPaused, log, ...options }: TaskQueueOptions): QueueState {
  const clock = scopedClock(options.clock);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const tasks = new Map<string, Task>();
  const ended = new Map<string, number>();
  for (const entry of readJsonLines<JournalEntry>(journalPath)) apply({ tasks, ended }, entry);
  for (const [task, atMs] of ended) if (clock.now() - atMs > DEDUPE_MS) ended.delete(task);
  const kept: JournalEntry[] = [
    ...Array.from(ended, ([over, atMs]) => ({ over, atMs })),
    ...Array.from(tasks.values(), (task) => ({ task })),
  ];
  return {
    ...{ name, limits, clock, log, tasks, ended, isPaused },
    rate: rateLimit(clock, limits.maxDispatchesPerSecond),
    journal: openJsonLines(journalPath, kept),
    closing: new AbortController(),
    ready: [],
    inFlight: 0,
    isWaitingForRate: false,
    whenIdle: [],
  };
}

function apply({ tasks, ended }: Pick<QueueState, 'tasks' | 'ended'>, entry: JournalEntry): void {
  if ('task' in entry) {
    tasks.set(entry.task.name, entry.task);
  } else {
    tasks.delete(entry.over);
    ended.set(entry.over, entry.atMs);
  }
}

/** Notes a change on disk, so that a restart loses none. */
function record(state: QueueState, entry: JournalEntry): void {
  apply(state, entry);
  state.journal.append(entry);
}

function addTask(state: QueueState, task: Task): void {
  const endedMs = state.ended.get(task.name);
  const isTaken = endedMs !== undefined && state.clock.now() - endedMs < DEDUPE_MS;
  if (isTaken || state.tasks.has(task.name)) {
    throw new QueueError(409, 'ALREADY_EXISTS', 'Requested entity already exists');
  }
  record(state, { task });
  schedule(state, task);
}

function endTask(state: QueueState, name: string): void {
  record(state, { over: name, atMs: state.clock.now() });
  if (state.tasks.size > 0) return;
  for (const resolve of state.whenIdle.splice(0)) resolve();
}

/** Makes a task ready when it is due. */
function schedule(state: QueueState, task: Task): void {
  const waitMs = task.dueMs - state.clock.now();
  if (waitMs <= 0) {
    state.ready.push(task);
    pump(state);
    return;
  }
  state.clock.after(Math.min(waitMs, MAX_TIMER_MS), () => schedule(state, task));
}

/** Sends ready tasks for as long as the limits allow. */
function pump(state: QueueState): void {
  const { ready, limits } = state;
  while (!state.isPaused && !state.isWaitingForRate && state.inFlight < limits.maxConcurrentDispatches) {
    const [task] = ready;
    if (task === undefined) return;
    const waitMs = state.rate.take();
    if (waitMs > 0) {
      state.isWaitingForRate = true;
      state.clock.after(waitMs, () => {
        state.isWaitingForRate = false;
        pump(state);
      });
      return;
    }
    ready.shift();
    void dispatch(state, task);
  }
}

async function dispatch(state: QueueState, task: Task): Promise<void> {
  state.inFlight++;
  const handled = await sendTask(task, state.name, state.closing.signal);
  state.inFlight--;
  if (state.closing.signal.aborted) return;
  settle(state, task, handled);
  pump(state);
}

/** Ends a task that succeeded or has used up its attempts; schedules another try of any other. */
function settle(state: QueueState, task: Task, { status, retryAfter }: Handled): void {
  const { limits, clock, log } = state;
  const dispatches = task.dispatches + 1;
  const isDone = status !== undefined && status >= 200 && status < 300;
  const isGivenUp = !isDone && limits.maxAttempts > 0 && dispatches >= limits.maxAttempts;
  const shortName = lastSegment(task.name);
  if (isGivenUp) log(`Queue: ${shortName} given up after ${dispatches} attempts`);
  if (isDone || isGivenUp) {
    endTask(state, task.name);
    return;
  }
  const waitMs = Math.max(backoffMs(dispatches, limits), retryAfterMs(retryAfter, clock.now()) ?? 0);
  const responses = task.responses + (status === undefined ? 0 : 1);
  const again = { ...task, dispatches, responses, lastStatus: status, dueMs: clock.now() + waitMs };
  const outcome = status === undefined ? 'did not answer' : `answered ${status}`;
  log(`Queue: ${shortName} ${outcome}, again in ${Math.round(waitMs / 1000)} s`);
  record(state, { task: again });
  schedule(state, again);
}
