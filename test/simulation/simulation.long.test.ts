import { expect, test } from 'vitest';
import { simulated } from './simulated.ts';

test('the functions keep every invariant in 500 worlds more', { timeout: 900_000 }, () => {
  const { told, lines } = simulated('--from', '41', '--seeds', '500');
  expect(told).not.toContain('"invariant"');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ seeds: 500 });
});
