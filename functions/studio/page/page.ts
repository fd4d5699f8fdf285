import { buttonOf, el, icon, iconButton } from './dom.ts';
import { nextLanguage, texts } from './texts.ts';
import { nextTheme } from './theme.ts';

interface PageParts {
  /** The photos that are open, above the picture. */
  readonly album: HTMLElement;
  readonly stage: HTMLElement;
  /** What is said over the picture. */
  readonly overStage: HTMLElement;
  readonly tools: HTMLElement;
  /** What lies right of the picture, from top to bottom. */
  readonly panel: readonly (HTMLElement | undefined)[];
  readonly picker: HTMLInputElement;
  readonly onSample: () => void;
  readonly onRuns: () => void;
  readonly onHelp: () => void;
  readonly zoom: {
    readonly in: () => void;
    readonly out: () => void;
    readonly fit: () => void;
    readonly actual: () => void;
  };
  /** Formats and size that can be opened. */
  readonly limits: string;
}

export interface Page {
  /** Shows name and size of a picture in place of the invitation to open one. */
  readonly showPicture: (name: string | undefined) => void;
  readonly showLoading: (isLoading: boolean) => void;
  /** What the mask covers, and what a run would do. */
  readonly facts: HTMLElement;
  readonly zoomValue: HTMLElement;
  readonly slider: HTMLInputElement;
}

/** The frame around picture, tools and panel. */
export function createPage(parts: PageParts): Page {
  const pick = () => parts.picker.click();
  const name = el('p', { class: 'name' });
  const facts = el('p', { class: 'facts', attributes: { role: 'status' } });
  const loading = el('p', {
    class: 'loading',
    text: texts.loading,
    attributes: { hidden: true, role: 'status' },
  });
  const offline = offlineNotice();
  const slider = el('input', {
    class: 'compare',
    attributes: {
      type: 'range',
      min: '0',
      max: '100',
      value: '50',
      hidden: true,
      'aria-label': texts.compare,
    },
  });
  const zoom = zoomBar(parts.zoom);
  const invitation = invitationOf(parts, pick);
  const foot = el('div', { class: 'foot' }, facts, slider, zoom.element);
  const main = el(
    'main',
    {},
    parts.tools,
    parts.album,
    el('div', { class: 'stage' }, parts.stage, invitation, offline, loading, parts.overStage),
    foot,
    el('aside', { class: 'panel', attributes: { 'aria-label': texts.parameters } }, ...parts.panel),
  );
  document.body.append(header(name, pick, parts), main, parts.picker);
  document.body.classList.add('empty');
  return {
    showPicture: (text) => {
      name.textContent = text ?? '';
      invitation.hidden = text !== undefined;
      document.body.classList.toggle('empty', text === undefined);
    },
    showLoading: (isLoading) => {
      loading.hidden = !isLoading;
    },
    facts,
    zoomValue: zoom.value,
    slider,
  };
}

/** What is painted meanwhile is kept, and what waits is sent when the connection is back. */
function offlineNotice(): HTMLElement {
  const notice = el('p', { class: 'offline', attributes: { role: 'status' } });
  const tell = () => {
    notice.textContent = navigator.onLine ? '' : texts.offlineNow;
  };
  for (const event of ['online', 'offline']) addEventListener(event, tell);
  tell();
  return notice;
}

function header(name: HTMLElement, pick: () => void, { onRuns, onHelp }: PageParts): HTMLElement {
  return el(
    'header',
    {},
    el('h1', { text: texts.title }),
    name,
    el(
      'div',
      { class: 'group' },
      iconButton({ icon: 'open', label: texts.open, press: pick }),
      iconButton({ icon: 'runs', label: texts.jobs, press: onRuns }),
      iconButton({ icon: 'language', label: texts.language, press: nextLanguage }),
      iconButton({ icon: 'theme', label: texts.theme, press: nextTheme }),
      iconButton({ icon: 'help', label: texts.help, key: '?', press: onHelp }),
    ),
  );
}

function invitationOf({ onSample, limits }: PageParts, pick: () => void): HTMLElement {
  return el(
    'div',
    { class: 'invitation' },
    el('span', { class: 'drop' }, icon('open')),
    el('h2', { text: texts.openHint }),
    el('p', { text: limits }),
    el(
      'div',
      { class: 'row' },
      buttonOf(texts.open, 'primary', pick),
      buttonOf(texts.sample, 'quiet', onSample),
    ),
    el('p', { class: 'hint', text: texts.openMask }),
  );
}

function zoomBar(zoom: PageParts['zoom']) {
  const value = el('button', {
    class: 'zoom-value',
    attributes: { type: 'button', title: `${texts.actual} (1)` },
    on: { click: zoom.actual },
  });
  const element = el(
    'div',
    { class: 'zoom group' },
    iconButton({ icon: 'minus', label: texts.zoomOut, press: zoom.out }),
    value,
    iconButton({ icon: 'plus', label: texts.zoomIn, press: zoom.in }),
    el('button', {
      class: 'text',
      text: texts.fit,
      attributes: { type: 'button', title: `${texts.fit} (0)` },
      on: { click: zoom.fit },
    }),
  );
  return { element, value };
}
