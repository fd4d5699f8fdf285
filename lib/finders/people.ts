import type { AutomaticMask } from '../engines/engine.ts';
import { classNames, personClass } from '../requests/mask-classes.ts';
import type { FinderEntry } from './finder.ts';
import { onlyModes } from './modes.ts';

const itsModes = onlyModes('people', 'foreground', 'background', 'semantic');

/** The embedded net: finds people and prominent figures on this machine, without any service. */
export const people: FinderEntry = {
  refusal: (wanted) => itsModes(wanted) ?? otherClasses(wanted),
  advice: 'MASK_FINDER people, for people',
  around: async () => (await import('./people/people.ts')).peopleFinder(),
};

function otherClasses(wanted: AutomaticMask): string | undefined {
  const others = wanted.mode === 'semantic' && wanted.classes?.some((id) => id !== personClass);
  return others
    ? `of all classes it finds person only, not ${classNames(wanted.classes).join(', ')}`
    : undefined;
}
