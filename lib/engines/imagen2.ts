import type { EngineEntry } from './entry.ts';
import { imagen } from './imagen.ts';

/** Imagen 3 takes steps; Imagen 2 does not. */
const { steps: _steps, ...shared } = imagen.capabilities.options;

/** Edits by Imagen 2 (`imagegeneration@006`): the modes and masks of Imagen 3 in a body of another shape. */
export const imagen2: EngineEntry = {
  ...imagen,
  capabilities: {
    ...imagen.capabilities,
    options: {
      ...shared,
      guidance: { range: [0, 500], default: 60, insertionOnly: true, note: 'insertion only' },
    },
  },
  make: async (options) => (await import('./imagen/edit.ts')).imagen2Engine(options),
};
