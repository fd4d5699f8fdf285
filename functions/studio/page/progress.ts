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

/** How far a run is: a bar, a stage that is read aloud, and details. */
export function progressView(): ProgressView {
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
    say(texts.sending);
  };
  const end = () => {
    bar.hidden = true;
    details.textContent = '';
  };
  const sent = (fraction: number) => {
    details.textContent = texts.sent(Math.round(fraction * 100));
  };
  const rest = () => {
    if (stage.textContent === texts.done) say('');
  };
  return { element, begin, end, sent, news, say, rest, offline: () => say(texts.offline) };
}
