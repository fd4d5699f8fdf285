import { type FinderEntry, required } from './finder.ts';

const around: FinderEntry['around'] = async (model, codec) =>
  (await import('./described/described.ts')).describedFinder(required(model), codec);

/** A model that edits by words is asked for the picture with the thing gone: the mask is what it changed. */
export const described: FinderEntry = {
  modes: ['people', 'foreground', 'background', 'semantic', 'prompt'],
  advice: 'ENGINE gemini, or MASK_FINDER described',
  around,
};

/** The same with the masks that Imagen makes itself. An edit by Imagen needs no finder: it is one call. */
export const imagen: FinderEntry = {
  modes: ['people', 'foreground', 'background', 'semantic'],
  advice: 'ENGINE imagen',
  around,
};
