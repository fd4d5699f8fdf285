import { parentPort } from 'node:worker_threads';
import { asEditError, type ErrorCode } from '../../errors.ts';
import { type Completed, type Completion, openCompletion, type Recipe } from './complete.ts';
import { enlargeFilled, type Reduced } from './enlarge.ts';
import type { Picture } from './level.ts';

/** What the worker is sent, the next after its answer. */
export type WorkerTask =
  /** Begins with a picture; answers nothing. */
  | { readonly picture: Picture }
  /** Answers a draft of it. */
  | { readonly draft: Recipe }
  /** Answers this draft at the size of the picture. */
  | { readonly finish: number }
  /** Answers a filled picture at its own size. */
  | { readonly reduced: Reduced };

/** Frees the memory of the picture, and is not answered. */
export type Forget = 'forget';

/** What it posts for each. Errors are data, since a class is lost between threads. */
export type WorkerAnswer =
  | { readonly kind: 'completed'; readonly pictures: readonly Completed[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

let opened: Completion | undefined;

function answerTo(task: WorkerTask): WorkerAnswer {
  try {
    return { kind: 'completed', pictures: picturesOf(task) };
  } catch (error) {
    const { code, message } = asEditError(error);
    return { kind: 'failed', code, message };
  }
}

function picturesOf(task: WorkerTask): readonly Completed[] {
  if ('reduced' in task) return [{ ...task.reduced.whole, data: enlargeFilled(task.reduced) }];
  if ('picture' in task) {
    opened = openCompletion(task.picture);
    return [];
  }
  return ['draft' in task ? opened!.draft(task.draft) : opened!.finish(task.finish)];
}

parentPort?.on('message', (task: WorkerTask | Forget) => {
  if (task === 'forget') {
    opened = undefined;
    return;
  }
  const answer = answerTo(task);
  parentPort?.postMessage(
    answer,
    answer.kind === 'completed' ? answer.pictures.map(({ data }) => data.buffer) : [],
  );
});
