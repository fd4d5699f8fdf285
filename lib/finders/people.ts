import { personClass } from '../requests/mask-classes.ts';
import type { FinderEntry } from './finder.ts';

/** The embedded net: finds people and prominent figures on this machine, without any service. */
export const people: FinderEntry = {
  modes: ['people', 'foreground', 'background', 'semantic'],
  classes: [personClass],
  advice: 'MASK_FINDER people, for people',
  around: async () => (await import('./people/people.ts')).peopleFinder(),
};
