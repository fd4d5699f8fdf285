import { parentPort } from 'node:worker_threads';
import { asEditError, type ErrorCode } from '../../errors.ts';
import { completePicture } from './complete.ts';
import { enlargeFilled, type Reduced } from './enlarge.ts';
import type { Picture } from './level.ts';

/** What the worker is sent for each edit, the next after its answer. */
export type WorkerTask =
  | {
      readonly picture: Picture;
      /** One completed picture is made for each. */
      readonly seeds: readonly number[];
    }
  | { readonly reduced: Reduced };

/** What it posts for each. Errors are data, since a class is lost between threads. */
export type WorkerAnswer =
  | { readonly kind: 'completed'; readonly pictures: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

function answerTo(task: WorkerTask): WorkerAnswer {
  try {
    return { kind: 'completed', pictures: picturesOf(task) };
  } catch (error) {
    const { code, message } = asEditError(error);
    return { kind: 'failed', code, message };
  }
}

function picturesOf(task: WorkerTask): readonly Uint8Array<ArrayBuffer>[] {
  if ('reduced' in task) return [enlargeFilled(task.reduced)];
  return task.seeds.map((seed) => completePicture(task.picture, seed));
}

parentPort?.on('message', (task: WorkerTask) => {
  const answer = answerTo(task);
  parentPort?.postMessage(
    answer,
    answer.kind === 'completed' ? answer.pictures.map((picture) => picture.buffer) : [],
  );
});
