import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { abortError } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import type { Completed, Recipe } from './complete.ts';
import type { Picture } from './level.ts';
import type { Forget, WorkerAnswer, WorkerTask } from './worker.ts';

/** The worker beside this file: `.ts` where Node runs the sources, `.js` in the built package. */
const workerUrl = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** Threads that wait for a picture. A small one takes 3 ms in a warm thread, and 65 ms in a new one. */
const idle: Worker[] = [];
/** Threads that ended, or are about to. */
const ended = new WeakSet<Worker>();
/** More would never work at the same time. */
const mostIdle = availableParallelism();

/** Starts the thread of the next picture while that picture is still being read, unless one waits. */
export function startSpare(): void {
  if (idle.length === 0) keepThread(startThread());
}

function startThread(): Worker {
  const worker = new Worker(workerUrl);
  const forget = () => {
    ended.add(worker);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  };
  // `askThread` listens too; a thread that ends while it waits is only replaced.
  worker.on('error', forget);
  worker.on('exit', forget);
  return worker;
}

function keepThread(worker: Worker): void {
  if (ended.has(worker)) return;
  if (idle.length >= mostIdle) return void worker.terminate();
  // A waiting thread does not keep the process alive.
  worker.unref();
  idle.push(worker);
}

function takeThread(): Worker {
  const worker = idle.pop() ?? startThread();
  worker.ref();
  return worker;
}

/** Sends a task to a thread, and returns its pictures. */
type AskThread = (task: WorkerTask) => Promise<readonly Completed[]>;

/**
 * Works on a picture in a thread, so that the event loop keeps answering, and an abort takes effect in the
 * middle of the work. A thread works on one picture at a time, and is kept for the next.
 *
 * @param work asks one task after the other.
 * @throws {EditError} `CANCELLED` (or `DEADLINE_EXCEEDED` after a timeout) as soon as the signal is
 *   aborted: the thread is ended. `INTERNAL` when the thread crashes: the next picture gets a new one.
 */
export async function useThread<T>(signal: AbortSignal, work: (ask: AskThread) => Promise<T>): Promise<T> {
  if (signal.aborted) throw abortError(signal, 'the picture to be filled');
  const worker = takeThread();
  try {
    return await work((task) => askThread(worker, task, signal));
  } finally {
    worker.postMessage('forget' satisfies Forget);
    keepThread(worker);
  }
}

/** Completes a picture in one way. @throws {EditError} as {@link useThread}. */
export function completed(picture: Picture, recipe: Recipe, signal: AbortSignal): Promise<Completed> {
  return useThread(signal, async (ask) => {
    await ask({ picture });
    await ask({ draft: recipe });
    const [whole] = await ask({ finish: 0 });
    return whole!;
  });
}

function askThread(worker: Worker, task: WorkerTask, signal: AbortSignal): Promise<readonly Completed[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Completed[]>();
  if (signal.aborted) {
    reject(abortError(signal, 'the picture to be filled'));
    return promise;
  }
  const leave = () => {
    signal.removeEventListener('abort', onAbort);
    worker.off('message', onAnswer).off('error', onCrash).off('exit', onExit);
  };
  const fail = (error: EditError) => {
    leave();
    reject(error);
  };
  const onAnswer = (answer: WorkerAnswer) => {
    leave();
    if (answer.kind === 'completed') resolve(answer.pictures);
    else reject(new EditError(answer.code, answer.message));
  };
  const onCrash = (cause: unknown) =>
    fail(new EditError('INTERNAL', 'Expected a filled picture, got a crash of the worker', { cause }));
  const onExit = (code: number) =>
    fail(new EditError('INTERNAL', `Expected an answer of the worker, got its end with code ${code}`));
  const onAbort = () => {
    fail(abortError(signal, 'the picture to be filled'));
    ended.add(worker);
    void worker.terminate();
  };
  worker.on('message', onAnswer).on('error', onCrash).on('exit', onExit);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.postMessage(task);
  return promise;
}
