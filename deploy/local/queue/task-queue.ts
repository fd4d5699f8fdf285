import { type Clock, scopedClock } from '../clock.ts';
import { backoffMs, DEFAULT_LIMITS, type QueueLimits, rateLimit, retryAfterMs } from './limits.ts';
import { type Handled, sendTask } from './send-task.ts';
import { lastSegment, QueueError, type Task } from './task.ts';
import { openTaskJournal } from './task-journal.ts';

/** A name stays taken for about this long after its task is over. */
const DEDUPE_MS = 3_600_000;
/** `setTimeout` counts in 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface TaskQueueOptions {
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
  readonly limits: Required<QueueLimits>;
  add(task: Task): void;
  get(name: string): Task;
  list(): readonly Task[];
  delete(name: string): void;
  pause(): void;
  resume(): void;
  isPaused(): boolean;
  /** Settles when no task is left. */
  idle(): Promise<void>;
  close(): void;
}

export function openTaskQueue(options: TaskQueueOptions): TaskQueue {
  const { name: queue, log } = options;
  const clock = scopedClock(options.clock);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const rate = rateLimit(clock, limits.maxDispatchesPerSecond);
  const journal = openTaskJournal(options.journalPath, clock.now() - DEDUPE_MS);
  const closing = new AbortController();
  const ready: string[] = [];
  let inFlight = 0;
  let { isPaused } = options;
  let isRateWaiting = false;
  let whenIdle: (() => void)[] = [];

  const end = (name: string): void => {
    journal.end(name, clock.now());
    if (journal.tasks.size > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };
  const schedule = ({ name, dueMs }: Task): void => {
    const waitMs = dueMs - clock.now();
    if (waitMs > 0) {
      clock.after(Math.min(waitMs, MAX_TIMER_MS), () => {
        const task = journal.tasks.get(name);
        if (task !== undefined) schedule(task);
      });
      return;
    }
    ready.push(name);
    pump();
  };
  const settle = (task: Task, handled: Handled): void => {
    const { status } = handled;
    const dispatches = task.dispatches + 1;
    const isDone = status !== undefined && status >= 200 && status < 300;
    const isGivenUp = !isDone && limits.maxAttempts > 0 && dispatches >= limits.maxAttempts;
    const shortName = lastSegment(task.name);
    if (isGivenUp) log(`Queue: ${shortName} given up after ${dispatches} attempts`);
    if (isDone || isGivenUp) {
      end(task.name);
      return;
    }
    const asked = retryAfterMs(handled.retryAfter, clock.now()) ?? 0;
    const waitMs = Math.max(backoffMs(dispatches, limits), asked);
    const responses = task.responses + (status === undefined ? 0 : 1);
    const again = { ...task, dispatches, responses, lastStatus: status, dueMs: clock.now() + waitMs };
    log(`Queue: ${shortName} answered ${status ?? 'not at all'}, again in ${Math.round(waitMs / 1000)} s`);
    journal.put(again);
    schedule(again);
  };
  const dispatch = async (task: Task): Promise<void> => {
    inFlight++;
    const handled = await sendTask(task, queue, closing.signal);
    inFlight--;
    if (closing.signal.aborted) return;
    // Deleted meanwhile: there is nothing to repeat.
    if (journal.tasks.has(task.name)) settle(task, handled);
    pump();
  };
  const pump = (): void => {
    while (!isPaused && !isRateWaiting && inFlight < limits.maxConcurrentDispatches && ready.length > 0) {
      const task = journal.tasks.get(ready[0]!);
      const waitMs = task === undefined ? 0 : rate.take();
      if (waitMs > 0) {
        isRateWaiting = true;
        clock.after(waitMs, () => {
          isRateWaiting = false;
          pump();
        });
        return;
      }
      ready.shift();
      if (task !== undefined) void dispatch(task);
    }
  };

  for (const task of journal.tasks.values()) schedule(task);

  const get = (name: string): Task => {
    const task = journal.tasks.get(name);
    if (task === undefined) throw new QueueError(404, 'NOT_FOUND', `The task does not exist: ${name}`);
    return task;
  };
  return {
    name: queue,
    limits,
    get,
    add: (task) => {
      const overMs = journal.over.get(task.name);
      const isTaken = overMs !== undefined && clock.now() - overMs < DEDUPE_MS;
      if (isTaken || journal.tasks.has(task.name)) {
        throw new QueueError(409, 'ALREADY_EXISTS', 'Requested entity already exists');
      }
      journal.put(task);
      schedule(task);
    },
    list: () => [...journal.tasks.values()],
    delete: (name) => end(get(name).name),
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      pump();
    },
    isPaused: () => isPaused,
    idle: () => new Promise((resolve) => (journal.tasks.size === 0 ? resolve() : whenIdle.push(resolve))),
    close: () => {
      closing.abort();
      clock.cancelAll();
    },
  };
}
