import type { AutomaticMask } from '../engines/engine.ts';
import { classNames } from '../requests/mask-classes.ts';

/** What is looked for, for messages. They are logged, so the words of a user do not stand in them. */
export function nameOf(wanted: AutomaticMask): string {
  if (wanted.mode === 'semantic') return classNames(wanted.classes).join(', ');
  if (wanted.mode === 'prompt') return 'what maskPrompt names';
  if (wanted.mode === 'interactive') return 'what the scribble touches';
  return wanted.mode === 'people' ? 'people' : `a ${wanted.mode}`;
}

/** Refuses all modes but these. */
export const onlyModes =
  (...modes: readonly AutomaticMask['mode'][]) =>
  ({ mode }: AutomaticMask): string | undefined =>
    modes.includes(mode) ? undefined : `it finds ${modes.join(', ')} only`;
