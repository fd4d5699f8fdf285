import { Worker } from 'node:worker_threads';
import { abortError } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import type { WorkerAnswer, WorkerTask } from './worker.ts';

/** The worker beside this file: `.ts` where Node runs the sources, `.js` in the built package. */
const workerUrl = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** A thread that waits for a picture. */
let spare: Worker | undefined;

/** Starts the thread of the next picture while that picture is still being read; a start takes 25 ms. */
export function startSpare(): void {
  if (spare !== undefined) return;
  const worker = new Worker(workerUrl);
  const forget = () => {
    if (spare === worker) spare = undefined;
  };
  // `completeInWorker` listens too; a thread that ends while it waits is only replaced.
  worker.once('error', forget);
  worker.once('exit', forget);
  // A waiting thread does not keep the process alive.
  worker.unref();
  spare = worker;
}

function takeWorker(): Worker {
  const worker = spare ?? new Worker(workerUrl);
  spare = undefined;
  worker.ref();
  return worker;
}

/**
 * Completes a picture in a thread of its own, so that the event loop keeps answering, and an abort
 * takes effect in the middle of the work.
 *
 * @returns one H x W x 3 picture per seed.
 * @throws {EditError} `CANCELLED` (or `DEADLINE_EXCEEDED` after a timeout) as soon as the signal is
 *   aborted; the thread is ended.
 */
export function completeInWorker(task: WorkerTask, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Uint8Array[]>();
  if (signal.aborted) {
    reject(abortError(signal, 'the picture to be filled'));
    return promise;
  }
  const worker = takeWorker();
  const abort = () => {
    reject(abortError(signal, 'the picture to be filled'));
    void worker.terminate();
  };
  signal.addEventListener('abort', abort, { once: true });
  worker.once('message', (answer: WorkerAnswer) => {
    if (answer.kind === 'completed') resolve(answer.pictures);
    else reject(new EditError(answer.code, answer.message));
  });
  worker.once('error', (cause) =>
    reject(new EditError('INTERNAL', 'Expected a filled picture, got a crash of the worker', { cause })),
  );
  worker.postMessage(task);
  worker.once('exit', (code) => {
    signal.removeEventListener('abort', abort);
    // Only the first settlement counts: after an answer or an abort this does nothing.
    reject(new EditError('INTERNAL', `Expected an answer of the worker, got its end with code ${code}`));
  });
  return promise;
}
