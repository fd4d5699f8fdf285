import { texts } from './texts.ts';

type Child = Node | undefined | '';

interface Props {
  readonly class?: string;
  readonly text?: string;
  /** Attributes; `true` sets one without a value, `undefined` and `false` leave it out. */
  readonly attributes?: Readonly<Record<string, string | boolean | undefined>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: className, text, attributes = {}, on = {} }: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== undefined) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.filter((child) => child instanceof Node));
  return element;
}

/** A button with words on it. */
export const buttonOf = (text: string, className: string, press: () => void): HTMLButtonElement =>
  el('button', { class: className, text, attributes: { type: 'button' }, on: { click: press } });

const iconPaths = {
  brush: 'M4 20c3 0 5-1 5-4a3 3 0 0 1 3-3M10.5 13.5 19 4l1 1-9.5 9',
  eraser: 'M8 19h12M5.5 16.5l4 4 10-10-5.5-5.5-10 10a1 1 0 0 0 0 1.5ZM9 9.500l5.500 5.500',
  box: 'M5 5h14v14H5Z',
  lasso: 'M7 15c-3-1-4-3-3-6 1-4 6-5 10-4s7 4 5 7-7 5-12 3Zm0 0c1 2 0 4-2 5',
  undo: 'M9 7 4 12l5 5M4 12h10a5 5 0 0 1 0 10h-2',
  redo: 'm15 7 5 5-5 5M20 12H10a5 5 0 0 0 0 10h2',
  invert: 'M12 4a8 8 0 0 0 0 16ZM12 4a8 8 0 0 1 0 16',
  holes: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 5v6M9 12h6',
  clear: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  grow: 'M9 3v4M9 17v4M3 12h4M17 12h4M15 3v4M15 17v4M9 9h6v6H9Z',
  uploadMask: 'M12 16V5M7 10l5-5 5 5M5 19h14',
  downloadMask: 'M12 5v11M7 11l5 5 5-5M5 20h14',
  eye: 'M3 12c3-5 6-7 9-7s6 2 9 7c-3 5-6 7-9 7s-6-2-9-7Zm9-3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z',
  theme:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400M5.600 18.400 7 17M17 7l1.400-1.400',
  help: 'M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.5',
  open: 'M4 18V6h5l2 2h9v10Z',
  language:
    'M4 6h9M8.500 4v2c0 4-2 7-4.500 8.500M6.500 10c1 2 2.500 3.500 5 4.500M12 20l4-9 4 9M13.300 17h5.400',
  runs: 'M12 7v5l3 2M4.500 9A8 8 0 1 1 4 12M4 5v4h4',
  dice: 'M5 5h14v14H5ZM9 9v.1M15 9v.1M12 12v.1M9 15v.1M15 15v.1',
  cross: 'M7 7l10 10M17 7 7 17',
  plus: 'M12 6v12M6 12h12',
  minus: 'M6 12h12',
} as const;

type IconName = keyof typeof iconPaths;

const svgNamespace = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svgNamespace, 'path');
  path.setAttribute('d', iconPaths[name]);
  if (name === 'invert') path.setAttribute('class', 'half');
  svg.append(path);
  return svg;
}

interface IconButtonOptions {
  readonly icon: IconName;
  readonly label: string;
  readonly key?: string;
  readonly press: () => void;
}

/** A button that shows an icon; its name and key are its tooltip. */
export function iconButton({ icon: name, label, key, press }: IconButtonOptions): HTMLButtonElement {
  const title = key === undefined ? label : `${label} (${key})`;
  const attributes = { type: 'button', 'aria-label': label, title };
  return el('button', { class: 'icon', attributes, on: { click: press } }, icon(name));
}

const copiedMs = 2000;

/** A button that copies, and says so for a moment; none where the browser has no clipboard for the page. */
export function copyButton(
  text: string,
  copy: () => Promise<void>,
  onProblem: (error: unknown) => void,
): HTMLButtonElement | undefined {
  if (navigator.clipboard === undefined) return undefined;
  const button = buttonOf(text, 'quiet', () => {
    copy().then(() => {
      button.textContent = texts.copied;
      setTimeout(() => {
        button.textContent = text;
      }, copiedMs);
    }, onProblem);
  });
  return button;
}

/** Saves a file under a name. */
export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = el('a', { attributes: { href: url, download: name } });
  document.body.append(link);
  link.click();
  link.remove();
  // A download that has just begun still needs it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
