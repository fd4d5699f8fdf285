import { describe, expect, it } from 'vitest';
import type { AutomaticMask } from '../../../lib/engines/engine.ts';
import type { EngineName } from '../../../lib/engines/engines.ts';
import type { EditError } from '../../../lib/errors.ts';
import { chooseFinder, type FinderSettings } from '../../../lib/finders/finders.ts';
import { personClass } from '../../../lib/requests/mask-classes.ts';

const wanted = (mode: AutomaticMask['mode'], ...classes: number[]): AutomaticMask => ({
  mode,
  classes: mode === 'semantic' ? classes : undefined,
});
const bicycle = 175;
const settings = (engine: EngineName, changes: Partial<FinderSettings> = {}): FinderSettings => ({
  engine,
  maskFinder: 'auto',
  allowedModels: [],
  project: 'p',
  modelBaseUrl: undefined,
  ...changes,
});
const allowed = { allowedModels: ['image-segmentation-001'] };

describe('the finder by default', () => {
  it.each([
    ['imagen', wanted('people'), {}, 'imagen'],
    ['imagen2', wanted('semantic', bicycle), {}, 'imagen'],
    ['imagen', wanted('prompt'), allowed, 'segmentation'],
    ['gemini', wanted('prompt'), allowed, 'described'],
    ['gemini', wanted('interactive'), allowed, 'segmentation'],
    ['endpoint', wanted('people'), {}, 'people'],
    ['endpoint', wanted('people'), allowed, 'segmentation'],
    ['patchmatch', wanted('background'), {}, 'people'],
    ['patchmatch', wanted('semantic', personClass), {}, 'people'],
    ['patchmatch', wanted('prompt'), allowed, 'segmentation'],
    ['patchmatch', wanted('people'), { ...allowed, project: undefined }, 'people'],
    ['imagen', wanted('people'), { maskFinder: 'people' }, 'people'],
  ] as const)('of %s for %o with %o is %s', (engine, what, changes, name) => {
    expect(chooseFinder(what, settings(engine, changes))).toBe(name);
  });
});

describe('a refusal', () => {
  const refusal = (what: AutomaticMask, changes: Partial<FinderSettings> = {}): EditError => {
    try {
      chooseFinder(what, settings('patchmatch', changes));
    } catch (error) {
      return error as EditError;
    }
    return expect.unreachable();
  };

  it('names what would do, and never the words of the user', () => {
    const { code, message } = refusal({ ...wanted('prompt'), words: 'my neighbour' });
    expect(code).toBe('FINDER_UNSUPPORTED');
    expect(message).toMatch(/ENGINE gemini.*MASK_FINDER described/);
    expect(message).toContain('image-segmentation-001 in ALLOWED_MODELS');
    expect(message).not.toMatch(/neighbour|ENGINE imagen/);
  });

  it('names the classes that are not found', () => {
    expect(refusal(wanted('semantic', bicycle, personClass)).message).toMatch(/not bicycle, person/);
  });

  it('comes from a finder that is configured and cannot, though another could', () => {
    expect(refusal(wanted('prompt'), { ...allowed, maskFinder: 'people' }).message).toMatch(/got people:/);
  });
});
