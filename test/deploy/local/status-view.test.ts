import { expect, it } from 'vitest';
import { isOver, progressOf, tableOf } from '../../../deploy/local/status-view.ts';
import type { JobStatus } from '../../../lib/jobs/status.ts';

const status = (image: string, state: JobStatus['state'], code = ''): JobStatus => ({
  ...{ image, state, ageMs: 90_000, attempts: 1, modelCalls: 2, code },
});
const jobs = [
  status('a.jpg', 'done'),
  status('folder/b.jpg', 'waiting', 'MODEL_QUOTA'),
  status('c.jpg', 'no mask'),
];

it('prints one line for each picture and counts them, with the reasons', () => {
  expect(tableOf(jobs).split('\n')).toEqual([
    'IMAGE         STATE    AGE   ATTEMPTS  CALLS  WHY',
    'a.jpg         done     90 s  1         2',
    'folder/b.jpg  waiting  90 s  1         2      MODEL_QUOTA',
    'c.jpg         no mask  90 s  1         2',
    '',
    '1 done, 1 waiting (MODEL_QUOTA), 1 no mask',
  ]);
  expect(tableOf([])).toBe('no pictures');
});

it('draws a bar of what can end, never wider than the terminal', () => {
  expect(progressOf(jobs, 200)).toBe(
    `[${'#'.repeat(15)}${'.'.repeat(15)}] 1/2  1 done, 1 waiting (MODEL_QUOTA), 1 no mask`,
  );
  expect(progressOf(jobs, 40)).toHaveLength(40);
});

it('is over when nothing goes on without another file', () => {
  expect(isOver(jobs)).toBe(false);
  expect(isOver(jobs.filter(({ state }) => state !== 'waiting'))).toBe(true);
});
