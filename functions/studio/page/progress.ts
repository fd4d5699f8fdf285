import type { Job } from './answers.ts';
import { el } from './dom.ts';
import { texts } from './texts.ts';

export interface ProgressView {
  readonly element: HTMLElement;
  readonly begin: () => void;
  readonly end: () => void;
  readonly sent: (fraction: number) => void;
  readonly news: (job: Job) => void;
  readonly offline: () => void;
  readonly say: (text: string) => void;
  /** What was said of the last run is no longer news. */
  readonly rest: () => void;
}

/** `1:05` */
function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** How far a run is: a bar, a stage that is read aloud, and details. */
export function progressView(): ProgressView {
  const bar = el('progress', { attributes: { max: '1', 'aria-label': texts.results, hidden: true } });
  // Read aloud: it changes with the stage only.
  const stage = el('p', { class: 'stage-name', attributes: { role: 'status', 'aria-live': 'polite' } });
  const details = el('p', { class: 'hint' });
  let facts: readonly string[] = [];
  let since = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const tell = () => {
    details.textContent = [...facts, elapsed(Date.now() - since)].join(', ');
  };
  const element = el('div', { class: 'progress' }, bar, stage, details);
  const say = (text: string) => {
    if (stage.textContent !== text) stage.textContent = text;
    document.title = text === '' || text === texts.done ? texts.title : `${text} - ${texts.title}`;
  };
  const news = ({ progress, createdAt }: Job) => {
    since = Math.min(Date.now(), Date.parse(createdAt));
    const { stage: name = 'queued', region, calls, fraction = 0 } = progress ?? {};
    say(texts.stages[name] ?? name);
    bar.value = Math.max(bar.value, fraction);
    facts = [
      ...(region && region.of > 1 ? [texts.region(region.index, region.of)] : []),
      ...(calls && calls.planned > 0 ? [texts.calls(calls.made, calls.planned)] : []),
    ];
    tell();
  };
  const begin = () => {
    bar.hidden = false;
    bar.value = 0;
    facts = [];
    since = Date.now();
    timer = setInterval(tell, 1000);
    say(texts.sending);
  };
  const end = () => {
    clearInterval(timer);
    bar.hidden = true;
    details.textContent = '';
  };
  const sent = (fraction: number) => {
    facts = [texts.sent(Math.round(fraction * 100))];
    tell();
  };
  const rest = () => {
    if (stage.textContent === texts.done) say('');
  };
  return { element, begin, end, sent, news, say, rest, offline: () => say(texts.offline) };
}
