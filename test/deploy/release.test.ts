import { expect, it } from 'vitest';
import { releaseFaults, unreadPrices } from '../../deploy/release.ts';
import { knownModels } from '../../lib/engines/known-models.ts';

const dayMs = 86_400_000;
const pricedOn = '2026-11-01';
const after = (days: number) => Date.parse(pricedOn) + days * dayMs;
const entry = { apis: ['gemini'], state: 'current', usdPerImage: { '1K': 1 }, pricedOn } as const;

it('lets a table out for 120 days', () => {
  expect(releaseFaults({ m: { ...entry, apis: ['gemini'] } }, after(120))).toEqual([]);
  expect(releaseFaults({ m: { ...entry, apis: ['gemini'] } }, after(121))).toHaveLength(1);
});

it('needs a day for every price of a current model, and no current model after its last day', () => {
  const { pricedOn: _, ...undated } = entry;
  expect(releaseFaults({ m: { ...undated, apis: ['gemini'] } }, after(1))).toHaveLength(1);
  expect(releaseFaults({ m: { ...undated, apis: ['gemini'], state: 'retired' } }, after(1))).toEqual([]);
  const ending = { ...entry, apis: ['gemini' as const], until: '2026-11-10' };
  expect(releaseFaults({ m: ending }, Date.parse('2026-11-10T23:00Z'))).toEqual([]);
  expect(releaseFaults({ m: ending }, Date.parse('2026-11-11T00:00Z'))).toHaveLength(1);
});

it('finds nothing in the table of models on the day after it was read, and something a year later', () => {
  expect(releaseFaults(knownModels, after(1))).toEqual([]);
  expect(releaseFaults(knownModels, after(365)).length).toBeGreaterThan(0);
});

it('tells prices that were not read in the list of the service', () => {
  const source = 'https://example.com/prices';
  const told = unreadPrices({
    read: { ...entry, apis: ['gemini'], source },
    heard: { ...entry, apis: ['gemini'], source, priceNote: 'second hand' },
    remembered: { ...entry, apis: ['gemini'] },
    free: { apis: ['segmentation'], state: 'current' },
  });
  expect(told).toEqual(['heard: second hand (https://example.com/prices)', 'remembered: from memory']);
});
