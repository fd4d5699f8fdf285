import { expect, it } from 'vitest';
import { sinceUpdateMs } from '../../../lib/storage/store.ts';

const serverTimeMs = Date.parse('2026-11-21T07:00:05.000Z');

it('sinceUpdateMs counts from the last write, by the clock of the server', () => {
  expect(sinceUpdateMs({ serverTimeMs, updated: '2026-11-21T07:00:03.500Z' })).toBe(1500);
});

it('sinceUpdateMs is 0 for a write of the same second as the answer', () => {
  expect(sinceUpdateMs({ serverTimeMs, updated: '2026-11-21T07:00:05.900Z' })).toBe(0);
});
