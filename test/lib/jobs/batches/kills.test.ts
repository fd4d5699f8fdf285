import { expect, it } from 'vitest';
import { surviveKill } from '../../../support/killed-sweep.ts';

// The long test kills at every request.
it.each([
  // The batch is taken, and nobody has written that down.
  [0, 33],
  // Some answers are stored.
  [1, 16],
])(
  'a batch survives that the process is killed on the emulator, after %i sweeps at request %i (G7)',
  async (sweeps, at) => {
    expect(await surviveKill({ sweeps, kind: 'crash-after', at })).toBe(true);
  },
);
