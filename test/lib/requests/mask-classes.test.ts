import { expect, it } from 'vitest';
import { maskClasses, maskClassIds } from '../../../lib/requests/mask-classes.ts';

it('holds the 194 classes at their ids', () => {
  expect(maskClasses).toHaveLength(194);
  expect([maskClasses[0], maskClasses[125], maskClasses[175], maskClasses[176], maskClasses[193]]).toEqual([
    'backpack',
    'person',
    'bicycle',
    'car',
    'window_blind',
  ]);
});

it('takes names in any spelling, and ids, once each', () => {
  expect(maskClassIds(['Bicycle', 176, '175', 'cell_phone', 'Cell Phone'])).toEqual([175, 176, 41]);
});

it.each([194, -1, 1.5, '194', 'unicorn', ''])('refuses %j', (value) => {
  expect(() => maskClassIds([value])).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
});

it('points to alike names', () => {
  expect(() => maskClassIds(['chair'])).toThrow('chair_other, armchair, swivel_chair');
});
