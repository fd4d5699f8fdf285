import { parentPort } from 'node:worker_threads';
import { asEditError, type ErrorCode } from '../../errors.ts';
import { completePicture } from './complete.ts';
import type { Picture } from './level.ts';

/** What the worker is sent for each edit, the next after its answer. */
export interface WorkerTask {
  readonly picture: Picture;
  /** One completed picture is made for each. */
  readonly seeds: readonly number[];
}

/** What it posts for each. Errors are data, since a class is lost between threads. */
export type WorkerAnswer =
  | { readonly kind: 'completed'; readonly pictures: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

function answerTo({ picture, seeds }: WorkerTask): WorkerAnswer {
  try {
    return { kind: 'completed', pictures: seeds.map((seed) => completePicture(picture, seed)) };
  } catch (error) {
    const { code, message } = asEditError(error);
    return { kind: 'failed', code, message };
  }
}

parentPort?.on('message', (task: WorkerTask) => {
  const answer = answerTo(task);
  parentPort?.postMessage(
    answer,
    answer.kind === 'completed' ? answer.pictures.map((picture) => picture.buffer) : [],
  );
});
