import type { JobOutput } from './answers.ts';
import { buttonOf, copyButton, el, saveAs } from './dom.ts';
import { editedName } from './names.ts';
import type { Result } from './run.ts';
import { decimal, grouped, texts } from './texts.ts';

interface ResultsOptions {
  /** Shows a result over its original. */
  readonly show: (file: Blob, output: JobOutput) => Promise<void>;
  readonly hold: (isHeld: boolean) => void;
  /** Before and after side by side, or one over the other. */
  readonly beside: (isBeside: boolean) => void;
  /** Puts what is seen on the clipboard. */
  readonly copy: (file: Blob, output: JobOutput) => Promise<void>;
  readonly useAsNew: (file: Blob, output: JobOutput) => void;
  readonly backToMask: () => void;
  /** Runs again so that no pixel outside the mask changes. */
  readonly keepBlocks: () => void;
  readonly again: () => void;
  /** Back to the mask, to choose an engine; left out where there is one only. */
  readonly otherEngine: (() => void) | undefined;
  /** Looks at an area, the one with the worst seam first. @returns how many there are. */
  readonly lookAt: (result: Result, output: JobOutput, area: number) => Promise<number>;
  /** Shows where both differ. @returns how many pixels outside the mask do, if they could be counted. */
  readonly difference: (isShown: boolean) => Promise<number | undefined>;
  readonly onProblem: (error: unknown) => void;
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
    const tabs = job.outputs.map((output, index) => tabOf(output, () => choose(index)));
    const body = el('div', { attributes: { role: 'tabpanel', 'aria-label': texts.results } });
    const show = async (index: number) => {
      const [output, file] = [job.outputs[index], files[index]];
      if (output === undefined || file === undefined) return;
      for (const [at, tab] of tabs.entries()) tab.setAttribute('aria-selected', String(at === index));
      const parts = bodyOf({ output, file, pictureName, result }, options);
      // What the buttons work on is there before them; what cannot be shown can still be saved.
      await options
        .show(file, output)
        .finally(() => body.replaceChildren(...parts.filter((part) => part !== undefined)));
    };
    let turn = Promise.resolve();
    choose = (index) => {
      turn = turn.then(() => show(index)).catch(options.onProblem);
    };
    const attributes = { role: 'tablist', 'aria-label': texts.results };
    const list = el('div', { class: 'segments', attributes }, ...tabs);
    list.hidden = tabs.length < 2;
    element.replaceChildren(el('h2', { text: texts.results }), list, body);
    element.hidden = false;
    await show(0);
  };
  const close = () => {
    element.hidden = true;
    element.replaceChildren();
    choose = () => undefined;
  };
  return { element, open, close, choose: (index) => choose(index) };
}

function tabOf(output: JobOutput, press: () => void): HTMLElement {
  const { index } = output;
  const name = index === 1 ? `${texts.candidate(index)}, ${texts.best}` : texts.candidate(index);
  const attributes = { type: 'button', role: 'tab', title: `${scoresOf(output)} (Alt+${index})`.trim() };
  return el('button', { text: name, attributes, on: { click: press } });
}

interface Shown {
  readonly output: JobOutput;
  readonly file: Blob;
  readonly pictureName: string;
  readonly result: Result;
}

const rowOf = (...children: readonly (HTMLElement | undefined)[]) => el('div', { class: 'row' }, ...children);

function bodyOf(shown: Shown, options: ResultsOptions) {
  const { output, file, pictureName, result } = shown;
  const { manifest } = result.job.links;
  const link =
    manifest && el('a', { text: texts.manifest, attributes: { href: manifest, target: '_blank' } });
  const hasTouchedBlocks = output.proof?.outside === 'touched-blocks';
  const difference = differenceParts(options);
  const copy = copyButton(texts.copyPicture, () => options.copy(file, output), options.onProblem);
  const download = () => saveAs(file, editedName(pictureName, output.mediaType));
  return [
    el(
      'div',
      { class: 'proof' },
      el('p', { text: proofOf(output) }),
      hasTouchedBlocks ? buttonOf(texts.keepBlocks, 'text', options.keepBlocks) : undefined,
    ),
    ...result.job.warnings.map((text) => el('p', { class: 'hint', text, attributes: { lang: 'en' } })),
    rowOf(buttonOf(texts.download, 'primary', download), copy),
    el(
      'div',
      { class: 'segments looks' },
      ...[holdButton(options.hold), besideButton(options.beside), difference.button],
      ...seamButtons(shown, options),
    ),
    difference.says,
    el('p', { class: 'hint', text: scoresOf(output) }),
    rowOf(
      buttonOf(texts.again, 'quiet', options.backToMask),
      buttonOf(texts.runAgain, 'quiet', options.again),
    ),
    rowOf(
      buttonOf(texts.asNew, 'quiet', () => options.useAsNew(file, output)),
      options.otherEngine && buttonOf(texts.otherEngine, 'quiet', options.otherEngine),
    ),
    el('p', { class: 'hint links' }, link || undefined),
    addressOf(output.uri, options.onProblem),
  ];
}

function addressOf(uri: string, onProblem: (error: unknown) => void): HTMLElement {
  const attributes = { readonly: true, value: uri, 'aria-label': texts.address };
  const copy = copyButton(texts.copy, () => navigator.clipboard.writeText(uri), onProblem);
  return el('div', { class: 'beside' }, el('input', { class: 'address', attributes }), copy);
}

function besideButton(beside: ResultsOptions['beside']): HTMLButtonElement {
  const button = buttonOf(texts.beside, '', () => {
    const isBeside = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isBeside));
    beside(isBeside);
  });
  button.setAttribute('aria-pressed', 'false');
  return button;
}

/** The worst seam first; with each further press the next area. */
function seamButtons({ result, output }: Shown, { lookAt, onProblem }: ResultsOptions): HTMLElement[] {
  let at = 0;
  const look = (area: number) => {
    lookAt(result, output, area).then((count) => {
      at = count === 0 ? 0 : area % count;
      next.hidden = count < 2;
    }, onProblem);
  };
  const next = buttonOf(texts.nextArea, '', () => look(at + 1));
  next.hidden = true;
  return [buttonOf(texts.worstSeam, '', () => look(0)), next];
}

function differenceParts({ difference, onProblem }: ResultsOptions) {
  const says = el('p', { class: 'hint', attributes: { role: 'status' } });
  let isShown = false;
  const button = buttonOf(texts.difference, '', () => {
    isShown = !isShown;
    button.setAttribute('aria-pressed', String(isShown));
    difference(isShown).then((count) => {
      const sentence = count === undefined ? texts.differenceCopy : texts.differenceOf(grouped(count));
      says.textContent = isShown ? sentence : '';
    }, onProblem);
  });
  button.setAttribute('aria-pressed', 'false');
  return { button, says };
}

function holdButton(hold: (isHeld: boolean) => void): HTMLButtonElement {
  const button = buttonOf(texts.hold, '', () => undefined);
  button.title = '\\';
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

/** How well a result fits, in words; levels of 255 and pixels. */
function scoresOf({ cost, seam, driftPx }: JobOutput): string {
  if (cost === null || seam === null || driftPx === null) return '';
  return texts.scores({ cost: decimal(cost), seam: decimal(seam), driftPx: decimal(driftPx) });
}

/** The proof of the service, in words. */
function proofOf({ proof }: Pick<JobOutput, 'proof'>): string {
  const { comparedPixels, differingPixels } = proof ?? {};
  if (comparedPixels === undefined || differingPixels === undefined) return texts.noProof;
  if (differingPixels === 0) return texts.exact(grouped(comparedPixels));
  return texts.differing(grouped(differingPixels), grouped(comparedPixels));
}
