import { expect, it } from 'vitest';
import { isOver, jsonLinesOf, progressOf, tableOf } from '../../../deploy/local/status-view.ts';
import type { JobStatus } from '../../../lib/jobs/status.ts';

const status = (name: string, state: JobStatus['state'], code = '', reason = ''): JobStatus => ({
  ...{ name, state, ageMs: 90_000, attempts: 1, modelCalls: 2, code, reason },
});
const jobs = [
  status('a.jpg', 'done'),
  status('folder/b.jpg', 'waiting', 'MODEL_QUOTA', 'Expected quota'),
  status('c.jpg', 'no mask'),
];

it('prints one line for each picture and counts them, with the reasons', () => {
  expect(tableOf(jobs).split('\n')).toEqual([
    'NAME          STATE    AGE   ATTEMPTS  CALLS  WHY',
    'a.jpg         done     90 s  1         2',
    'folder/b.jpg  waiting  90 s  1         2      MODEL_QUOTA: Expected quota',
    'c.jpg         no mask  90 s  1         2',
    '',
    '1 done, 1 waiting (MODEL_QUOTA), 1 no mask',
  ]);
  expect(tableOf([])).toBe('no files');
});

it('lets no name move the cursor, and writes a line of JSON for each object', () => {
  const odd = status('a\u001b[2J\nb.jpg', 'unpaired');
  expect(tableOf([odd])).toContain('\na\ufffd[2J\ufffdb.jpg ');
  expect(
    jsonLinesOf([odd, odd])
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([odd, odd]);
});

it('draws a bar of what can end, never wider than the terminal', () => {
  expect(progressOf(jobs, 200)).toBe(
    `[${'#'.repeat(15)}${'.'.repeat(15)}] 1/2  1 done, 1 waiting (MODEL_QUOTA), 1 no mask`,
  );
  expect(progressOf(jobs, 40)).toHaveLength(40);
});

it('is over when nothing goes on without another file, and no file has just come', () => {
  expect(isOver(jobs)).toBe(false);
  const ended = jobs.filter(({ state }) => state !== 'waiting');
  expect(isOver(ended)).toBe(true);
  expect(isOver([])).toBe(false);
  expect(isOver([...ended, { ...status('d.jpg', 'no mask'), ageMs: 1000 }])).toBe(false);
});
