import type { Fields, Job } from './answers.ts';
import {
  cancelJob,
  followJob,
  type Order,
  ProblemError,
  problem,
  readBytes,
  type Sending,
  startJob,
} from './api.ts';
import { buttonOf, el } from './dom.ts';
import { type ProgressView, progressView } from './progress.ts';
import type { Pending, Photo, Task } from './session.ts';
import { texts } from './texts.ts';

export interface Result {
  readonly job: Job;
  readonly photo: Photo;
  /** The exact bytes of each output. */
  readonly files: readonly Blob[];
}

interface RunOptions {
  /** Throws a `ProblemError` where nothing can be run. */
  readonly check: (task: Task) => void;
  readonly order: (task: Task) => Promise<Order>;
  readonly photo: () => Photo | undefined;
  /** Most it may cost, USD; 0 when it is free, `undefined` when nobody knows. */
  readonly costUsd: (task: Task) => Promise<number | undefined>;
  readonly onBegin: () => void;
  /** It is sent from here on; `undefined`: it need not be sent again. */
  readonly onPending: (pending: Pending | undefined) => void;
  readonly onJob: (photo: Photo, job: Job) => void;
  readonly onResult: (result: Result) => Promise<void>;
  /** It was cancelled, or failed. */
  readonly onEnd: () => void;
  /** It runs now, or no longer. */
  readonly onTurn: () => void;
  readonly onProblem: (error: unknown) => void;
}

export interface Runner {
  readonly element: HTMLElement;
  readonly run: (task?: Task) => Promise<void>;
  /** Sends a run again that perhaps did not arrive before the page was loaded again. */
  readonly resume: (photo: Photo, pending: Pending) => Promise<void>;
  /** Waits for a run that was started before, and shows its result. */
  readonly follow: (photo: Photo, job: Job) => Promise<void>;
  readonly isRunning: () => boolean;
  readonly update: (canRun: boolean) => void;
}

/** Runs below this many USD are not asked about. */
const askFromUsd = 0.05;

export const usd = (value: number) => `$${value < 0.01 ? value.toFixed(4) : value.toFixed(2)}`;

interface Running {
  readonly photo: Photo;
  readonly stopped: AbortController;
  job: Job | undefined;
}

type Begin = (running: Running, sending: Sending) => Promise<Job>;

/** The button, and what happens after it: question, upload, progress, cancelling. */
export function createRunner(options: RunOptions): Runner {
  const view = runnerView();
  let running: Running | undefined;
  let canRun = false;
  const show = () => {
    view.button.disabled = running !== undefined || !canRun;
    view.cancel.hidden = running === undefined;
  };
  const start = async (photo: Photo, begin: Begin) => {
    running = { photo, stopped: new AbortController(), job: undefined };
    show();
    options.onTurn();
    if (document.activeElement === view.button) view.cancel.focus();
    await runAndTell({ options, running, begin, progress: view.progress });
    const hadFocus = document.activeElement === view.cancel || document.activeElement === document.body;
    running = undefined;
    show();
    options.onTurn();
    if (hadFocus) view.button.focus();
  };
  const resume = (photo: Photo, pending: Pending) => start(photo, sender(options, pending));
  const canStart = () => running === undefined && canRun;
  const run = (task: Task = {}) => runAsked(task, options, { canStart, view, resume });
  view.button.addEventListener('click', () => void run());
  view.cancel.addEventListener('click', () => running && stop(running, options));
  return {
    element: view.element,
    run,
    resume,
    follow: async (photo, job) => {
      if (running === undefined) await start(photo, async () => job);
    },
    isRunning: () => running !== undefined,
    update: (next) => {
      canRun = next;
      show();
      if (running === undefined) view.progress.rest();
    },
  };
}

interface Asking {
  readonly canStart: () => boolean;
  readonly view: ReturnType<typeof runnerView>;
  readonly resume: Runner['resume'];
}

/** Looks whether all is there and what it costs; asks where it costs much. */
async function runAsked(task: Task, options: RunOptions, { canStart, view, resume }: Asking): Promise<void> {
  const photo = options.photo();
  if (!canStart() || photo === undefined) return;
  options.onBegin();
  try {
    options.check(task);
    const cost = await options.costUsd(task);
    if (!canStart()) return;
    const go = () => resume(photo, { photo: photo.id, key: crypto.randomUUID(), task });
    if (cost === undefined || cost > askFromUsd) ask(view.question, cost, () => void go());
    else await go();
  } catch (error) {
    options.onProblem(error);
  }
}

const sender =
  (options: RunOptions, pending: Pending): Begin =>
  async (_running, sending) => {
    const { key, task } = pending;
    options.onPending(pending);
    try {
      const order = await options.order(task);
      sending.signal.throwIfAborted();
      return await startJob(order, { ...sending, key });
    } finally {
      options.onPending(undefined);
    }
  };

function runnerView() {
  const button = buttonOf(texts.run, 'primary', () => undefined);
  button.title = texts.runKeys;
  const cancel = buttonOf(texts.cancel, 'quiet', () => undefined);
  cancel.hidden = true;
  const question = el('div', { class: 'question', attributes: { hidden: true } });
  const progress = progressView();
  const row = el('div', { class: 'row' }, button, cancel);
  const element = el('div', { class: 'runner' }, question, row, progress.element);
  return { button, cancel, question, progress, element };
}

function stop({ job, stopped }: Running, { onProblem }: Pick<RunOptions, 'onProblem'>): void {
  stopped.abort();
  // A job that has ended meanwhile cannot be cancelled, and need not be.
  if (job !== undefined) cancelJob(job).catch((error: unknown) => isEnded(error) || onProblem(error));
}

const isEnded = (error: unknown) => error instanceof ProblemError && error.problem.code === 'JOB_ENDED';

interface RunParts {
  readonly options: RunOptions;
  readonly running: Running;
  readonly begin: Begin;
  readonly progress: ProgressView;
}

async function runAndTell(parts: RunParts): Promise<void> {
  const { options, running, progress } = parts;
  const { signal } = running.stopped;
  progress.begin();
  try {
    await options.onResult(await runOnce(parts));
    progress.say(texts.done);
  } catch (error) {
    progress.say(signal.aborted ? texts.cancelled : '');
    options.onEnd();
    if (!signal.aborted) options.onProblem(error);
  } finally {
    progress.end();
  }
}

async function runOnce({ options, running, begin, progress }: RunParts): Promise<Result> {
  const { signal } = running.stopped;
  const { photo } = running;
  running.job = await begin(running, { onSent: progress.sent, signal });
  if (signal.aborted) stop(running, options);
  signal.throwIfAborted();
  options.onJob(photo, running.job);
  const job = await followJob(running.job, { onNews: progress.news, onOffline: progress.offline, signal });
  if (job.state === 'cancelled') running.stopped.abort();
  signal.throwIfAborted();
  if (job.problem !== null) throw new ProblemError(job.problem);
  return { job, photo, files: await Promise.all(job.outputs.map(({ href }) => readBytes(href))) };
}

function ask(question: HTMLElement, cost: number | undefined, start: () => void): void {
  const close = () => {
    question.hidden = true;
    question.replaceChildren();
  };
  const price = cost === undefined ? texts.unknownCost : usd(cost);
  const yes = buttonOf(texts.runFor(price), 'primary', () => {
    close();
    start();
  });
  question.replaceChildren(
    el('p', { text: texts.needsConfirmation(price) }),
    el('div', { class: 'row' }, yes, buttonOf(texts.cancel, 'quiet', close)),
  );
  question.hidden = false;
  yes.focus();
}

/** What is wrong before anything is sent. */
export function assertComplete(isMaskEmpty: boolean, fields: Fields): void {
  if (isMaskEmpty) throw problem('MASK_EMPTY', texts.noMask);
  if (fields['mode'] === 'insertion' && !fields['prompt']) {
    throw new ProblemError({
      code: 'REQUEST_INVALID',
      detail: texts.noPrompt,
      errors: [{ pointer: '#/prompt', detail: texts.noPrompt }],
    });
  }
}
