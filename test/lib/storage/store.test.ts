import { expect, it } from 'vitest';
import { sinceUpdateMs } from '../../../lib/storage/store.ts';

const serverTimeMs = Date.parse('2026-11-21T07:00:05.000Z');

it('counts from the last write, by the clock of the server', () => {
  expect(sinceUpdateMs({ serverTimeMs, updated: '2026-11-21T07:00:03.500Z' })).toBe(1500);
});

it('is 0 for a write that seems later than the answer, whose time has whole seconds', () => {
  expect(sinceUpdateMs({ serverTimeMs, updated: '2026-11-21T07:00:05.900Z' })).toBe(0);
});
