import { Worker } from 'node:worker_threads';
import { abortError, unlessAborted } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import type { ReadObject } from '../entry.ts';
import { type Contract, contractOf } from './contract.ts';
import type { TensorData } from './frame.ts';
import { type ModelFile, readModel } from './model-file.ts';
import type { OnnxAnswer, OnnxTask } from './worker.ts';

/** The worker beside this file: `.ts` where Node runs the sources, `.js` in the built package. */
const isSource = import.meta.url.endsWith('.ts');
const workerUrl = new URL(isSource ? './worker.ts' : './onnx-worker.js', import.meta.url);

/** A thread that has opened a model. It holds much memory, so there is one, kept for the next picture. */
interface Session {
  readonly key: string;
  readonly worker: Worker;
  readonly contract: Contract;
}

let kept: Session | undefined;
/** Ends when the picture before this one has ended: a thread works on one at a time. */
let turn: Promise<unknown> = Promise.resolve();

type Fill = (session: Session) => Promise<Pick<TensorData, 'data' | 'dims'>>;

/**
 * Runs the work with the model's thread when it is its turn. An abort ends the thread in the middle of the
 * work; the next picture opens the model again.
 *
 * @throws {EditError} as `readModel` and `contractOf`; `INTERNAL` when the thread crashes.
 */
export async function withModel<T>(
  options: { readonly file: ModelFile; readonly readObject: ReadObject | undefined },
  work: (
    contract: Contract,
    ask: (feeds: Readonly<Record<string, TensorData>>) => ReturnType<Fill>,
  ) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const before = turn;
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  turn = done.then(() => before);
  try {
    await unlessAborted(() => before, signal);
    const session = await opened(options, signal);
    session.worker.ref();
    const ask = async (feeds: Readonly<Record<string, TensorData>>) => {
      const task = { kind: 'run', feeds, output: session.contract.output } as const;
      const answer = await answered(session.worker, task, signal);
      if (answer.kind !== 'ran') throw unexpected(answer);
      return answer.output;
    };
    return await work(session.contract, ask);
  } finally {
    kept?.worker.unref();
    end();
  }
}

async function opened(
  { file, readObject }: { readonly file: ModelFile; readonly readObject: ReadObject | undefined },
  signal: AbortSignal,
): Promise<Session> {
  const key = JSON.stringify(file);
  if (kept?.key === key) return kept;
  forget();
  const { bytes, outputScale } = await readModel(file, readObject);
  const worker = new Worker(workerUrl);
  const forgetIt = () => {
    if (kept?.worker === worker) kept = undefined;
  };
  // `answered` listens too; a thread that ends while it waits is only replaced.
  worker.on('exit', forgetIt).on('error', forgetIt);
  try {
    const answer = await answered(worker, { kind: 'open', model: bytes }, signal);
    if (answer.kind !== 'opened') throw unexpected(answer);
    kept = { key, worker, contract: contractOf(answer.inputs, answer.outputs, outputScale) };
    return kept;
  } catch (error) {
    void worker.terminate();
    throw error;
  }
}

function forget(): void {
  void kept?.worker.terminate();
  kept = undefined;
}

/** One task of the thread, and its answer. @throws {EditError} when it fails, crashes, or is aborted. */
function answered(worker: Worker, task: OnnxTask, signal: AbortSignal): Promise<OnnxAnswer> {
  if (signal.aborted) return Promise.reject(abortError(signal, 'the picture to be filled'));
  const { promise, resolve, reject } = Promise.withResolvers<OnnxAnswer>();
  const crashed = (cause: unknown) =>
    reject(new EditError('INTERNAL', 'Expected a filled picture, got the end of the worker', { cause }));
  const onAbort = () => {
    reject(abortError(signal, 'the picture to be filled'));
    if (kept?.worker === worker) kept = undefined;
    void worker.terminate();
  };
  const leave = () => {
    signal.removeEventListener('abort', onAbort);
    worker.off('message', resolve).off('error', crashed).off('exit', crashed);
  };
  worker.on('message', resolve).on('error', crashed).on('exit', crashed);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.postMessage(task, task.kind === 'open' ? [task.model.buffer] : []);
  return promise.finally(leave);
}

function unexpected(answer: OnnxAnswer): EditError {
  return answer.kind === 'failed'
    ? new EditError(answer.code, answer.message)
    : new EditError('INTERNAL', `Expected another answer of the worker, got ${answer.kind}`);
}
