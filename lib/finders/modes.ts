import type { AutomaticMask } from '../engines/engine.ts';
import { classNames } from '../requests/mask-classes.ts';
import type { FinderEntry } from './finder.ts';

/** What is looked for, for messages. They are logged, so the words of a user do not stand in them. */
export function nameOf(wanted: AutomaticMask): string {
  if (wanted.mode === 'semantic') return classNames(wanted.classes).join(', ');
  if (wanted.mode === 'prompt') return 'what maskPrompt names';
  if (wanted.mode === 'interactive') return 'what the scribble touches';
  return wanted.mode === 'people' ? 'people' : `a ${wanted.mode}`;
}

/** Why a finder cannot find this; `undefined` when it can. */
export function refusalOf(
  { modes, classes }: Pick<FinderEntry, 'modes' | 'classes'>,
  wanted: AutomaticMask,
): string | undefined {
  if (!modes.includes(wanted.mode)) return `it finds ${modes.join(', ')} only`;
  const others = (wanted.mode === 'semantic' && wanted.classes) || [];
  if (classes === undefined || others.every((id) => classes.includes(id))) return undefined;
  return `of all classes it finds ${classNames(classes).join(', ')} only, not ${classNames(others).join(', ')}`;
}
