import { expect, it } from 'vitest';
import { surviveFlexKill } from '../../support/killed-flex.ts';

// The long test kills after every request.
it.each([
  ['its call is counted', { operations: ['patch'], namePrefix: 'claims/' }, { calls: 1, counted: 2 }],
  ['its answer is saved', { operations: ['create'], namePrefix: 'raw/' }, { calls: 1, counted: 1 }],
] as const)('a job of the tier flex survives that it is killed when %s (G7)', async (_, match, used) => {
  expect(await surviveFlexKill(1, match)).toEqual({ isHit: true, ...used });
});
