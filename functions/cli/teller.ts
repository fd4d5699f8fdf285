import type { EditError } from '../../lib/errors.ts';

/** Where the command writes, and how. */
export interface Streams {
  readonly out: (text: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  /** A person looks at `err`: its last line may be written again. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** Tells people, on stderr, what happens to the photos. */
export interface Teller {
  readonly stage: (image: string, stage: string, fraction?: number) => void;
  readonly done: (image: string, text: string) => void;
  readonly failed: (image: string, error: EditError) => void;
  readonly note: (text: string) => void;
}

const everyMs = 5000;
const barCells = 20;
const clearLine = '\r\u001b[K';

const words: Readonly<Record<string, string>> = {
  read: 'reading',
  mask: 'reading the mask',
  check: 'reading',
  view: 'finding',
  find: 'finding',
  guide: 'finding',
  edge: 'finding',
  people: 'finding',
  plan: 'planning',
  crop: 'cutting out',
  frame: 'cutting out',
  inpaint: 'repainting',
  ask: 'repainting',
  answer: 'fitting',
  register: 'fitting',
  effects: 'fitting',
  enlarge: 'fitting',
  tiles: 'fitting',
  composite: 'blending',
  write: 'writing',
  prove: 'proving',
  seal: 'writing',
  publish: 'publishing',
  queued: 'waiting',
  pending: 'waiting',
};

/** @param isQuiet only errors are told. */
export function teller({ err, isTerminal, columns }: Streams, isQuiet: boolean, now = Date.now): Teller {
  let lastMs = 0;
  let last = '';
  const line = (text: string) => err(`${isTerminal ? clearLine : ''}${text}\n`);
  return {
    stage(image, stage, fraction) {
      const text = words[stage];
      if (isQuiet || text === undefined || text === last) return;
      if (isTerminal) {
        const bar = fraction === undefined ? '' : ` ${barOf(fraction)}`;
        const shown = `${shortened(image, columns - text.length - bar.length - 4)}: ${text}${bar}`;
        err(`${clearLine}${shown}`);
      } else if (now() - lastMs >= everyMs) {
        line(`${image}: ${text}`);
        lastMs = now();
      }
      last = text;
    },
    done(image, text) {
      last = '';
      if (!isQuiet) line(`${image}: ${text}`);
    },
    failed(image, { code, message, remedy }) {
      last = '';
      line(`${image}: ${message} (${code}). ${remedy}`);
    },
    note(text) {
      if (!isQuiet) line(text);
    },
  };
}

const barOf = (fraction: number) => {
  const full = Math.round(fraction * barCells);
  return `${'#'.repeat(full)}${'.'.repeat(barCells - full)} ${Math.round(fraction * 100)} %`;
};

const shortened = (name: string, columns: number) =>
  name.length <= columns ? name : `...${name.slice(3 - Math.max(columns, 10))}`;
