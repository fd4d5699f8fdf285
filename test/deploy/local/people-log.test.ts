import { expect, it } from 'vitest';
import { peopleLog } from '../../../deploy/local/people-log.ts';

function capture(hasCosts = true) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return {
    lines,
    log: peopleLog({ info: write, warn: write, error: write }, { outputFolder: '.local/output', hasCosts }),
  };
}

const job = (outcome: string, fields: object = {}) => ({
  ...{ outcome, job: 'j', image: 'p.jpg', ms: 12, ...fields },
});

it.each([
  [job('published', { warnings: [], costEstimateUsd: 0 }), 'Done: p.jpg, 12 ms; see .local/output/p.jpg/j/'],
  [
    job('published', { warnings: ['The mask selects 85 %.'], costEstimateUsd: 0.067 }),
    'Done: p.jpg, 12 ms; see .local/output/p.jpg/j/; list price about 0.067 USD; note: The mask selects 85 %.',
  ],
  [job('published-before'), 'Done already: p.jpg'],
  [
    job('failed', { code: 'MASK_EMPTY', reason: 'Expected white' }),
    'Failed: p.jpg, MASK_EMPTY: Expected white; see .local/output/p.jpg/',
  ],
  [job('put-off', { code: 'CANCELLED', attempts: 0 }), 'Stopped: p.jpg goes on at the next start'],
  [job('put-off', { code: 'MODEL_QUOTA', attempts: 0 }), 'Waits: p.jpg, MODEL_QUOTA: slow down'],
])('says what became of a picture in the words of its owner: %j', (fields, line) => {
  const { log, lines } = capture();
  log.info('Job put off: slow down', fields);
  expect(lines).toEqual([line]);
});

it('tells no price where an emulator answers', () => {
  const { log, lines } = capture(false);
  log.info('Job published', job('published', { costEstimateUsd: 0.067 }));
  expect(lines).toEqual(['Done: p.jpg, 12 ms; see .local/output/p.jpg/j/']);
});

it('says one thing once: not again for the second event, nor for the delivery that failed', () => {
  const { log, lines } = capture();
  const wait = { code: 'MODEL_QUOTA' };
  log.warn('Job put off: slow down', job('put-off', { ...wait, attempts: 0 }));
  log.warn('Event comes again: slow down', wait);
  log.info('storage: event of input/p.jpg not acknowledged (status 500), again in 1000 ms');
  log.warn('Job put off: Expected the job to be free, it waits', job('put-off', wait));
  log.warn('Job put off: slow down', job('put-off', { ...wait, attempts: 0 }));
  log.info('Job published', job('published'));
  log.info('Job published-before', job('published-before'));
  log.warn('Event comes again: another thing', wait);
  for (const id of ['a', 'a', 'b']) log.info('Job failed', job('failed', { job: id, code: 'MASK_EMPTY' }));
  expect(lines).toEqual([
    'Waits: p.jpg, MODEL_QUOTA: slow down',
    'Done: p.jpg, 12 ms; see .local/output/p.jpg/j/',
    'Event comes again: another thing',
    'Failed: p.jpg, MASK_EMPTY; see .local/output/p.jpg/',
    'Failed: p.jpg, MASK_EMPTY; see .local/output/p.jpg/',
  ]);
});
