import {
  cancelJob,
  type Fields,
  followJob,
  type Job,
  type Order,
  ProblemError,
  problem,
  readOutput,
  startJob,
} from './api.ts';
import { el } from './dom.ts';
import { texts } from './texts.en.ts';

export interface Result {
  readonly job: Job;
  /** The exact bytes of each output. */
  readonly files: readonly Blob[];
}

interface RunOptions {
  /** Throws a `ProblemError` where nothing can be run. */
  readonly check: () => void;
  readonly order: () => Promise<Order>;
  /** Most it may cost, USD; 0 when it is free, `undefined` when nobody knows. */
  readonly costUsd: () => Promise<number | undefined>;
  readonly onResult: (result: Result) => Promise<void>;
  readonly onProblem: (error: unknown) => void;
  readonly onBegin: () => void;
}

export interface Runner {
  readonly element: HTMLElement;
  readonly run: () => Promise<void>;
  readonly update: (canRun: boolean) => void;
}

/** Runs below this many USD are not asked about. */
const askFromUsd = 0.05;

export const usd = (value: number) => `$${value < 0.01 ? value.toFixed(4) : value.toFixed(2)}`;

/** The button, and what happens after it: question, upload, progress, cancelling. */
export function createRunner(options: RunOptions): Runner {
  const { button, cancel, question, progress, element } = runnerView();
  let running: Running | undefined;
  let canRun = false;
  const show = () => {
    button.disabled = running !== undefined || !canRun;
    cancel.hidden = running === undefined;
  };
  const start = async () => {
    running = { stopped: new AbortController(), job: undefined };
    show();
    cancel.focus();
    await runAndTell(options, running, progress);
    const hadFocus = document.activeElement === cancel || document.activeElement === document.body;
    running = undefined;
    show();
    if (hadFocus) button.focus();
  };
  const run = async () => {
    if (running !== undefined || !canRun) return;
    options.onBegin();
    try {
      options.check();
      const cost = await options.costUsd();
      if (running !== undefined) return;
      if (cost === undefined || cost > askFromUsd) ask(question, cost, () => void start());
      else await start();
    } catch (error) {
      options.onProblem(error);
    }
  };
  button.addEventListener('click', () => void run());
  cancel.addEventListener('click', () => running && stop(running, options));
  const update = (next: boolean) => {
    canRun = next;
    show();
  };
  return { element, run, update };
}

function runnerView() {
  const buttonOf = (name: string, text: string, others: Readonly<Record<string, string | boolean>>) =>
    el('button', { class: name, text, attributes: { type: 'button', ...others } });
  const button = buttonOf('primary', texts.run, { title: 'Ctrl+Enter' });
  const cancel = buttonOf('quiet', texts.cancel, { hidden: true });
  const question = el('div', { class: 'question', attributes: { hidden: true } });
  const progress = progressView();
  const row = el('div', { class: 'row' }, button, cancel);
  const element = el('div', { class: 'runner' }, question, row, progress.element);
  return { button, cancel, question, progress, element };
}

function stop({ job, stopped }: Running, { onProblem }: RunOptions): void {
  stopped.abort();
  // A job that has ended meanwhile cannot be cancelled, and need not be.
  if (job !== undefined) cancelJob(job).catch((error: unknown) => isEnded(error) || onProblem(error));
}

const isEnded = (error: unknown) => error instanceof ProblemError && error.problem.code === 'JOB_ENDED';

async function runAndTell(options: RunOptions, running: Running, progress: ProgressView): Promise<void> {
  const { signal } = running.stopped;
  progress.begin();
  try {
    await options.onResult(await runOnce(options, running, progress));
    progress.say(texts.done);
  } catch (error) {
    progress.say(signal.aborted ? texts.cancelled : '');
    if (!signal.aborted) options.onProblem(error);
  } finally {
    progress.end();
  }
}

interface Running {
  readonly stopped: AbortController;
  job: Job | undefined;
}

async function runOnce(options: RunOptions, running: Running, progress: ProgressView): Promise<Result> {
  const { signal } = running.stopped;
  const order = await options.order();
  signal.throwIfAborted();
  running.job = await startJob(order, { onSent: progress.sent, signal });
  if (signal.aborted) stop(running, options);
  signal.throwIfAborted();
  const job = await followJob(running.job, { onNews: progress.news, onOffline: progress.offline, signal });
  if (job.state === 'cancelled') running.stopped.abort();
  signal.throwIfAborted();
  if (job.problem !== null) throw new ProblemError(job.problem);
  return { job, files: await Promise.all(job.outputs.map(readOutput)) };
}

function ask(question: HTMLElement, cost: number | undefined, start: () => void): void {
  const close = () => {
    question.hidden = true;
    question.replaceChildren();
  };
  const price = cost === undefined ? texts.unknownCost : usd(cost);
  const yes = el('button', {
    class: 'primary',
    text: texts.runFor(price),
    attributes: { type: 'button' },
    on: {
      click: () => {
        close();
        start();
      },
    },
  });
  const no = el('button', {
    class: 'quiet',
    text: texts.cancel,
    attributes: { type: 'button' },
    on: { click: close },
  });
  question.replaceChildren(
    el('p', { text: texts.needsConfirmation(price) }),
    el('div', { class: 'row' }, yes, no),
  );
  question.hidden = false;
  yes.focus();
}

interface ProgressView {
  readonly element: HTMLElement;
  readonly begin: () => void;
  readonly end: () => void;
  readonly sent: (fraction: number) => void;
  readonly news: (job: Job) => void;
  readonly offline: () => void;
  readonly say: (text: string) => void;
}

function progressView(): ProgressView {
  const bar = el('progress', { attributes: { max: '1', 'aria-label': texts.results, hidden: true } });
  // Read aloud: it changes with the stage only.
  const stage = el('p', { class: 'stage-name', attributes: { role: 'status', 'aria-live': 'polite' } });
  const details = el('p', { class: 'hint' });
  const element = el('div', { class: 'progress' }, bar, stage, details);
  const say = (text: string) => {
    if (stage.textContent !== text) stage.textContent = text;
    document.title = text === '' || text === texts.done ? texts.title : `${text} - ${texts.title}`;
  };
  const news = ({ progress }: Job) => {
    const { stage: name = 'queued', region, calls, fraction = 0 } = progress ?? {};
    say(texts.stages[name] ?? name);
    bar.value = Math.max(bar.value, fraction);
    const facts = [
      region && region.of > 1 ? texts.region(region.index, region.of) : '',
      calls && calls.planned > 0 ? texts.calls(calls.made, calls.planned) : '',
    ];
    details.textContent = facts.filter((fact) => fact !== '').join(', ');
  };
  const begin = () => {
    bar.hidden = false;
    bar.value = 0;
    say(texts.uploading(0));
  };
  const end = () => {
    bar.hidden = true;
    details.textContent = '';
  };
  const sent = (fraction: number) => {
    details.textContent = texts.uploading(Math.round(fraction * 100));
  };
  return { element, begin, end, sent, news, say, offline: () => say(texts.offline) };
}

/** The name under which a result is saved: `NAME.edited.EXT`. */
export function editedName(name: string, mediaType: string): string {
  const stem = name.replace(/\.[^.]*$/, '');
  const extension =
    /\.jpeg$/i.test(name) && mediaType === 'image/jpeg' ? 'jpeg' : (extensions[mediaType] ?? 'bin');
  return `${stem}.edited.${extension}`;
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/tiff': 'tif',
};

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
