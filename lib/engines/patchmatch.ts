import type { EngineEntry } from './entry.ts';

/** The embedded engine: continues the picture around the mask, on this machine, without any service. */
export const patchmatch: EngineEntry = {
  capabilities: {
    modes: ['removal'],
    masks: 'native',
    maxCallsPerSample: 0,
    options: { samples: { range: [1, 4], note: 'the best of up to four' }, seed: { default: 1 } },
  },
  make: async ({ codec }) => (await import('./patchmatch/patchmatch.ts')).patchmatchEngine({ codec }),
};
