import { expect, it } from 'vitest';
import { surviveKill } from '../../../support/killed-sweep.ts';
import type { FaultKind } from '../../../support/storage-faults.ts';

// Before one request is after the one before it.
const kinds = ['crash-after', 'lost'] as const satisfies readonly FaultKind[];

it.each([0, 1].flatMap((sweeps) => kinds.map((kind) => [sweeps, kind] as const)))(
  'after %i sweeps, %s at every request: nothing is doubled, nothing is lost',
  { timeout: 300_000 },
  async (sweeps, kind) => {
    let at = 1;
    while (await surviveKill({ sweeps, kind, at })) at++;
    console.log(`${at - 1} requests`);
    expect(at).toBeGreaterThan(20);
  },
);
