import { expect, it } from 'vitest';
import { surviveFlexKill } from '../../support/killed-flex.ts';

it('a job of the tier flex survives that it is killed after any request', { timeout: 300_000 }, async () => {
  let at = 1;
  while ((await surviveFlexKill(at)).isHit) at++;
  console.log(`${at - 1} requests`);
  expect(at).toBeGreaterThan(12);
});
