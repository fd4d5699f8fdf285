import type { JobOutput } from './api.ts';
import { el, saveAs } from './dom.ts';
import { editedName, type Result } from './run.ts';
import { texts } from './texts.en.ts';

interface ResultsOptions {
  /** Shows a result over its original. */
  readonly show: (file: Blob) => Promise<void>;
  readonly hold: (isHeld: boolean) => void;
  readonly useAsNew: (file: Blob, output: JobOutput) => void;
  readonly backToMask: () => void;
  /** Runs again so that no pixel outside the mask changes. */
  readonly keepBlocks: () => void;
}

export interface Results {
  readonly element: HTMLElement;
  readonly open: (result: Result, pictureName: string) => Promise<void>;
  readonly close: () => void;
  /** Shows another candidate, from 0. */
  readonly choose: (index: number) => void;
}

export function createResults(options: ResultsOptions): Results {
  const element = el('section', {
    class: 'results',
    attributes: { hidden: true, 'aria-label': texts.results },
  });
  let choose: (index: number) => void = () => undefined;
  const open = async (result: Result, pictureName: string) => {
    const { job, files } = result;
    const tabs = job.outputs.map((output, index) =>
      el('button', {
        text: texts.candidate(output.index),
        attributes: { type: 'button', role: 'tab', title: `Alt+${output.index}` },
        on: { click: () => choose(index) },
      }),
    );
    const body = el('div', { attributes: { role: 'tabpanel', 'aria-label': texts.results } });
    choose = (index) => {
      const [output, file] = [job.outputs[index], files[index]];
      if (output === undefined || file === undefined) return;
      for (const [at, tab] of tabs.entries()) tab.setAttribute('aria-selected', String(at === index));
      const parts = bodyOf({ output, file, pictureName, result }, options);
      body.replaceChildren(...parts.filter((part) => part !== undefined));
      void options.show(file);
    };
    const list = el(
      'div',
      { class: 'segments', attributes: { role: 'tablist', 'aria-label': texts.results } },
      ...tabs,
    );
    list.hidden = tabs.length < 2;
    element.replaceChildren(el('h2', { text: texts.results }), list, body);
    element.hidden = false;
    choose(0);
  };
  const close = () => {
    element.hidden = true;
    element.replaceChildren();
    choose = () => undefined;
  };
  return { element, open, close, choose: (index) => choose(index) };
}

interface Shown {
  readonly output: JobOutput;
  readonly file: Blob;
  readonly pictureName: string;
  readonly result: Result;
}

function bodyOf({ output, file, pictureName, result }: Shown, options: ResultsOptions) {
  const name = editedName(pictureName, output.mediaType);
  const button = (text: string, press: () => void, className = 'quiet') =>
    el('button', { class: className, text, attributes: { type: 'button' }, on: { click: press } });
  const hold = holdButton(options.hold);
  const { manifest } = result.job.links;
  const link =
    manifest && el('a', { text: texts.manifest, attributes: { href: manifest, target: '_blank' } });
  const hasTouchedBlocks = output.proof?.outside === 'touched-blocks';
  return [
    el('p', { class: 'proof', text: proofOf(output) }),
    ...result.job.warnings.map((text) => el('p', { class: 'hint', text })),
    button(texts.download, () => saveAs(file, name), 'primary'),
    el('div', { class: 'row' }, hold, button(texts.again, options.backToMask)),
    hasTouchedBlocks ? button(texts.keepBlocks, options.keepBlocks) : undefined,
    el(
      'div',
      { class: 'row' },
      button(texts.asNew, () => options.useAsNew(file, output)),
    ),
    el('p', { class: 'hint links' }, link || undefined),
    el('input', {
      class: 'address',
      attributes: { readonly: true, value: output.uri, 'aria-label': 'Address in the bucket' },
    }),
  ];
}

function holdButton(hold: (isHeld: boolean) => void): HTMLButtonElement {
  const button = el('button', {
    class: 'quiet',
    text: texts.hold,
    attributes: { type: 'button', title: '\\' },
  });
  for (const name of ['pointerdown', 'keydown']) {
    button.addEventListener(name, (event) => {
      if (event instanceof KeyboardEvent && event.key !== ' ' && event.key !== 'Enter') return;
      hold(true);
    });
  }
  for (const name of ['pointerup', 'pointerleave', 'keyup', 'blur'])
    button.addEventListener(name, () => hold(false));
  return button;
}

const grouped = (count: number) => count.toLocaleString('en');

/** The proof of the service, in words. */
export function proofOf({ proof }: Pick<JobOutput, 'proof'>): string {
  const { comparedPixels, differingPixels } = proof ?? {};
  if (comparedPixels === undefined || differingPixels === undefined) return texts.noProof;
  if (differingPixels === 0) return texts.exact(grouped(comparedPixels));
  return texts.differing(grouped(differingPixels), grouped(comparedPixels));
}
