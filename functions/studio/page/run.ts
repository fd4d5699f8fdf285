import type { Fields, Job } from './answers.ts';
import {
  cancelJob,
  followJob,
  isOver,
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
  readonly ask: (task: Task) => Promise<Omit<Order, 'image'>>;
  readonly image: (photo: Photo) => Order['image'];
  readonly photo: () => Photo | undefined;
  /** Most it may cost, USD; 0 when it is free, `undefined` when nobody knows. */
  readonly costUsd: (task: Task) => Promise<number | undefined>;
  /** A run that may cost more is asked about. */
  readonly askFromUsd: () => number;
  readonly onBegin: () => void;
  /** What is being sent and waits; the rest need not be sent again. Nothing is sent before it is kept. */
  readonly onPending: (pending: readonly Pending[]) => Promise<void>;
  readonly onJob: (photo: Photo, job: Job) => void;
  readonly onResult: (result: Result) => Promise<void>;
  /** It was cancelled, or failed; `undefined` where it has no job. */
  readonly onEnd: (job: Job | undefined) => void;
  /** It runs now, or no longer. */
  readonly onTurn: () => void;
  readonly onProblem: (error: unknown) => void;
}

export interface Runner {
  readonly element: HTMLElement;
  readonly run: (task?: Task) => Promise<void>;
  /** Takes runs that were not sent, or perhaps did not arrive, before the page was loaded again. */
  readonly hold: (runs: readonly Waiting[]) => void;
  /** Starts what waits, one after another. */
  readonly next: () => Promise<void>;
  /** Starts what waits, else what is on the page. */
  readonly retry: () => Promise<void>;
  /** Shows the result of a run that was started before; waits for it first, unless another one runs. */
  readonly follow: (photo: Photo, job: Job) => Promise<void>;
  readonly isRunning: () => boolean;
  readonly update: (canRun: boolean) => void;
}

export const usd = (value: number) => `$${value < 0.01 ? value.toFixed(4) : value.toFixed(2)}`;

interface Waiting {
  readonly photo: Photo;
  readonly pending: Pending;
}

const maxWaiting = 4;

interface Running {
  readonly photo: Photo;
  readonly stopped: AbortController;
  job: Job | undefined;
}

type Begin = (sending: Sending) => Promise<Job>;

interface Turns {
  readonly options: RunOptions;
  readonly view: ReturnType<typeof runnerView>;
  readonly queue: ReturnType<typeof createQueue>;
  readonly show: () => void;
  running: Running | undefined;
  canRun: boolean;
  /** It is looked what a run costs. */
  isAsking: boolean;
}

const canStart = ({ canRun, isAsking, queue }: Turns) => canRun && !isAsking && queue.length() < maxWaiting;

/** The button, and what happens after it: question, upload, progress, cancelling. One run follows another. */
export function createRunner(options: RunOptions): Runner {
  const view = runnerView();
  const queue = createQueue(options);
  const show = () => {
    const isRunning = turns.running !== undefined;
    view.show({ isRunning, canStart: canStart(turns), waiting: queue.length() });
  };
  const turns: Turns = { options, view, queue, show, running: undefined, canRun: false, isAsking: false };
  const hold = (runs: readonly Waiting[]) => {
    queue.add(runs);
    show();
  };
  const run = (task: Task = {}) => askAndRun(turns, task);
  view.button.addEventListener('click', () => void run());
  view.cancel.addEventListener('click', () => turns.running && stop(turns.running, options));
  view.drop.addEventListener('click', () => {
    queue.clear();
    show();
  });
  return {
    element: view.element,
    run,
    hold,
    next: () => startNext(turns),
    retry: () => {
      if (queue.length() === 0) return run();
      options.onBegin();
      return startNext(turns);
    },
    follow: async (photo, job) => {
      if (isOver(job)) await options.onResult(await resultOf(photo, job));
      else if (turns.running === undefined) await start(turns, photo, async () => job);
      else if (turns.running.job?.id !== job.id) throw problem('BUSY_HERE', texts.otherRuns);
    },
    isRunning: () => turns.running !== undefined,
    update: (canRun) => {
      turns.canRun = canRun;
      show();
      if (turns.running === undefined) view.progress.rest();
    },
  };
}

async function start(turns: Turns, photo: Photo, begin: Begin): Promise<void> {
  const { options, show, view } = turns;
  const running: Running = { photo, stopped: new AbortController(), job: undefined };
  turns.running = running;
  show();
  options.onTurn();
  await runAndTell({ options, running, begin, progress: view.progress });
  turns.running = undefined;
  show();
  options.onTurn();
  // Without a connection the others would fail as well: they wait for the next start.
  if (running.job !== undefined || running.stopped.signal.aborted) await startNext(turns);
}

async function startNext(turns: Turns): Promise<void> {
  const first = turns.running === undefined ? turns.queue.take() : undefined;
  if (first !== undefined) await start(turns, first.photo, first.begin);
}

async function askAndRun(turns: Turns, task: Task): Promise<void> {
  const { options, queue, show, view } = turns;
  const photo = options.photo();
  if (!canStart(turns) || photo === undefined) return;
  turns.isAsking = true;
  show();
  const go = (pending: Pending) => {
    queue.add([{ photo, pending }]);
    show();
    void startNext(turns);
  };
  await prepare({ photo, task, go }, options, view.question);
  turns.isAsking = false;
  show();
}

/** Runs that wait, and the one that is being sent: they survive a reload. */
function createQueue({ onPending, image }: Pick<RunOptions, 'onPending' | 'image'>) {
  let waiting: readonly Waiting[] = [];
  let sent: Waiting | undefined;
  const set = (next: readonly Waiting[]): Promise<void> => {
    waiting = next;
    return onPending([...(sent === undefined ? [] : [sent]), ...waiting].map(({ pending }) => pending));
  };
  const leave = (next: readonly Waiting[]) => {
    sent = undefined;
    void set(next);
  };
  const beginner =
    ({ photo, pending }: Waiting, kept: Promise<void>): Begin =>
    async (sending) => {
      const { key, mask, fields } = pending;
      try {
        await kept;
        sending.signal.throwIfAborted();
        const job = await startJob({ image: image(photo), mask, fields }, { ...sending, key });
        leave(waiting);
        return job;
      } catch (error) {
        // Where the connection failed, it may have arrived: it stays first, under the same key.
        const isOpen = !(error instanceof ProblemError) && !sending.signal.aborted;
        leave(isOpen ? [{ photo, pending }, ...waiting] : waiting);
        throw error;
      }
    };
  return {
    length: () => waiting.length,
    add: (runs: readonly Waiting[]) => void set([...waiting, ...runs]),
    clear: () => void set([]),
    take: () => {
      const [first, ...others] = waiting;
      if (first === undefined) return undefined;
      sent = first;
      return { photo: first.photo, begin: beginner(first, set(others)) };
    },
  };
}

interface Asked {
  readonly photo: Photo;
  readonly task: Task;
  readonly go: (pending: Pending) => void;
}

/** Looks whether all is there and what it costs; asks where it costs much. */
async function prepare(
  { photo, task, go }: Asked,
  options: RunOptions,
  question: HTMLElement,
): Promise<void> {
  options.onBegin();
  try {
    options.check(task);
    const [cost, order] = await Promise.all([options.costUsd(task), options.ask(task)]);
    if (options.photo() !== photo) return;
    const start = () => go({ photo: photo.id, key: crypto.randomUUID(), ...order });
    if (cost === undefined || cost > options.askFromUsd()) ask(question, cost, start);
    else start();
  } catch (error) {
    options.onProblem(error);
  }
}

interface RunnerState {
  readonly isRunning: boolean;
  readonly canStart: boolean;
  readonly waiting: number;
}

function runnerView() {
  const button = buttonOf(texts.run, 'primary', () => undefined);
  button.title = texts.runKeys;
  const cancel = buttonOf(texts.cancel, 'quiet', () => undefined);
  const question = el('div', { class: 'question', attributes: { hidden: true } });
  const progress = progressView();
  const row = el('div', { class: 'row' }, button, cancel);
  const count = el('p', { class: 'hint', attributes: { role: 'status' } });
  const drop = buttonOf(texts.dropWaiting, 'text', () => undefined);
  const queue = el('div', { class: 'queue' }, count, drop);
  const element = el('div', { class: 'runner' }, question, row, progress.element, queue);
  let hadFocus = false;
  const show = ({ isRunning, canStart, waiting }: RunnerState) => {
    const focused = document.activeElement;
    element.classList.toggle('busy', isRunning || waiting > 0);
    button.disabled = !canStart;
    button.textContent = isRunning ? texts.runNext : texts.run;
    cancel.hidden = !isRunning;
    queue.hidden = waiting === 0;
    count.textContent = waiting === 0 ? '' : texts.waiting(waiting);
    // A button that goes away, or rests for a moment, must not take the focus along.
    const isGone = (focused === cancel && cancel.hidden) || (focused === drop && queue.hidden);
    hadFocus = isGone || focused === button || (hadFocus && focused === document.body);
    if (hadFocus && !button.disabled) button.focus();
  };
  return { button, cancel, drop, question, progress, element, show };
}

function stop({ job, stopped }: Running, { onProblem }: Pick<RunOptions, 'onProblem'>): void {
  stopped.abort();
  // A job that has ended meanwhile cannot be cancelled, and need not be.
  if (job !== undefined)
    cancelJob(job).catch((error: unknown) => hasCode(error, 'JOB_ENDED') || onProblem(error));
}

const hasCode = (error: unknown, code: string) =>
  error instanceof ProblemError && error.problem.code === code;

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
    // It goes on without this page, and is found again after the login.
    if (!hasCode(error, 'LOGIN_ENDED')) options.onEnd(running.job);
    if (!signal.aborted) options.onProblem(error);
  } finally {
    progress.end();
  }
}

async function runOnce({ options, running, begin, progress }: RunParts): Promise<Result> {
  const { signal } = running.stopped;
  const { photo } = running;
  running.job = await begin({ onSent: progress.sent, signal });
  if (signal.aborted) stop(running, options);
  signal.throwIfAborted();
  options.onJob(photo, running.job);
  const job = await followJob(running.job, { onNews: progress.news, onOffline: progress.offline, signal });
  if (job.state === 'cancelled') running.stopped.abort();
  signal.throwIfAborted();
  return resultOf(photo, job);
}

async function resultOf(photo: Photo, job: Job): Promise<Result> {
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
