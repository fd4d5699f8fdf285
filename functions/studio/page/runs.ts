import type { Job } from './answers.ts';
import { listJobs, maxAsks } from './api.ts';
import { buttonOf, el } from './dom.ts';
import type { Session } from './session.ts';
import { language, texts } from './texts.ts';

export interface Runs {
  /** The runs of the current photo, newest first; hidden where there are none. */
  readonly element: HTMLElement;
  readonly update: () => void;
  /** Opens the list of all runs that the service knows. */
  readonly openList: () => void;
}

interface RunsActions {
  readonly open: (job: string) => void;
  readonly onProblem: (error: unknown) => void;
}

const thumbPx = 128;
/** After each refusal a little longer, ms. */
const refusedMs = 1000;

const timeOf = (at: number | string) =>
  new Date(at).toLocaleString(language, { dateStyle: 'short', timeStyle: 'short' });

export function createRuns(session: Session, actions: RunsActions): Runs {
  const list = el('div', { class: 'thumbs' });
  const element = el('section', { class: 'runs' }, el('h2', { text: texts.runs }), list);
  const dialog = jobsDialog(actions);
  let shown = '';
  const update = () => {
    const runs = session.current?.runs ?? [];
    element.hidden = runs.length === 0;
    const wanted = runs.map(({ job }) => job).join();
    if (wanted === shown) return;
    shown = wanted;
    list.replaceChildren(
      ...runs.map(({ job, engine, at }) => {
        const name = texts.runAt(engine, timeOf(at));
        const attributes = { type: 'button', 'aria-label': name, title: name };
        return el(
          'button',
          { class: 'thumb', attributes, on: { click: () => actions.open(job) } },
          previewOf(job),
        );
      }),
    );
  };
  return { element, update, openList: dialog };
}

/** The service makes few previews at once: one that it refuses is asked for again. */
function previewOf(job: string): HTMLImageElement {
  const image = el('img', { attributes: { alt: '', loading: 'lazy' } });
  let asks = 0;
  const load = () => {
    image.src = `jobs/${job}/outputs/1/preview?w=${thumbPx}`;
  };
  image.addEventListener('error', () => {
    asks++;
    if (asks < maxAsks) setTimeout(load, asks * refusedMs);
  });
  load();
  return image;
}

/** All runs, page by page, also those that programs started. */
function jobsDialog({ open, onProblem }: RunsActions): () => void {
  const list = el('ul', { class: 'jobs' });
  const none = el('p', { class: 'hint', text: texts.noJobs });
  let nextPage: string | null = null;
  const more = buttonOf(texts.moreJobs, 'quiet', () => void load());
  const close = buttonOf(texts.close, 'primary', () => dialog.close());
  const title = el('h2', { text: texts.jobs, attributes: { id: 'jobs-title' } });
  const foot = el('div', { class: 'row' }, more, close);
  const dialog = el('dialog', { attributes: { 'aria-labelledby': title.id } }, title, none, list, foot);
  document.body.append(dialog);
  const openJob = (id: string) => {
    dialog.close();
    open(id);
  };
  const load = async () => {
    try {
      const { jobs, nextPageToken } = await listJobs(nextPage);
      nextPage = nextPageToken;
      list.append(...jobs.map((job) => rowOf(job, openJob)));
      none.hidden = list.childElementCount > 0;
      more.hidden = nextPage === null;
    } catch (error) {
      dialog.close();
      onProblem(error);
    }
  };
  return () => {
    list.replaceChildren();
    nextPage = null;
    dialog.showModal();
    void load();
  };
}

function rowOf({ id, state, image, createdAt, outputs }: Job, open: (id: string) => void): HTMLElement {
  const name = image.name.slice(image.name.lastIndexOf('/') + 1);
  const picture = outputs.length > 0 ? previewOf(id) : el('span', { class: 'no-picture' });
  const button = el(
    'button',
    { class: 'job', attributes: { type: 'button' }, on: { click: () => open(id) } },
    picture,
    el('span', {}, el('strong', { text: name }), el('span', { class: 'hint', text: timeOf(createdAt) })),
    el('span', { class: 'hint', text: texts.states[state] ?? state }),
  );
  return el('li', {}, button);
}
