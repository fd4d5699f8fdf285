import { expect, test } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { inlineDispatch } from '../../../lib/jobs/dispatch.ts';
import { jsonLog } from '../../../lib/log.ts';
import { dropPair } from '../../support/failure-world.ts';
import { fakeEditWith, fakeEngine, never, runOptions, soleJob } from '../../support/job-world.ts';
import { memoryClient } from '../../support/memory-store.ts';

/** The log lines of the job of one pair, dispatched `times` times. */
async function linesOf({ image = 'photo', answer = async () => 'painted', times = 1 }): Promise<object[]> {
  const store = memoryClient(dropPair(image));
  const job = await soleJob(store);
  const lines: object[] = [];
  const log = jsonLog({ stream: { write: (line) => void lines.push(JSON.parse(line)) } });
  const engine = { ...fakeEngine(answer), name: 'imagen:imagen-3.0-capability-001' };
  const dispatch = inlineDispatch(
    runOptions(store, engine, { log, priceOf: () => 0.04, editWith: fakeEditWith(['r0', 'r1']) }),
  );
  for (let run = 0; run < times; run++) await dispatch(job, never).catch(() => {});
  return lines;
}

const identity = {
  job: expect.stringMatching(/^[0-9a-f]{16}$/),
  image: 'd/p.jpg',
  generation: '1001',
  engine: 'imagen',
  model: 'imagen-3.0-capability-001',
  ms: expect.any(Number),
};

const throwing = (error: Error) => async (): Promise<string> => {
  throw error;
};

test('a published job is one line, with its engine, duration and cost', async () => {
  expect(await linesOf({})).toEqual([
    expect.objectContaining({
      ...identity,
      severity: 'INFO',
      message: 'Job published',
      outcome: 'published',
      attempts: 1,
      modelCalls: 2,
      costEstimateUsd: 0.08,
      timingsMs: expect.any(Object),
    }),
  ]);
});

test('a job that has ended before is one line too', async () => {
  const [, second, ...more] = await linesOf({ times: 2 });
  expect(second).toMatchObject({ ...identity, severity: 'INFO', outcome: 'published-before' });
  expect(more).toEqual([]);
});

test('a job that can never succeed is one line with its code, and no error of the program', async () => {
  const lines = await linesOf({ image: 'bomb' });
  expect(lines).toEqual([
    expect.objectContaining({
      ...identity,
      severity: 'INFO',
      outcome: 'failed',
      code: 'IMAGE_UNREADABLE',
      modelCalls: 0,
      costEstimateUsd: 0,
    }),
  ]);
  expect(lines[0]).not.toHaveProperty('@type');
});

test.each([
  ['MODEL_QUOTA', 'WARNING', 0],
  ['MODEL_UNAVAILABLE', 'WARNING', 1],
  ['MODEL_RETIRED', 'ERROR', 0],
] as const)(
  'a job put off by %s is one line of severity %s with %i used calls',
  async (code, severity, calls) => {
    const lines = await linesOf({ answer: throwing(new EditError(code, 'Expected better')) });
    expect(lines).toEqual([
      expect.objectContaining({
        ...identity,
        ...{ severity, outcome: 'put-off', code, modelCalls: calls, costEstimateUsd: calls * 0.04 },
      }),
    ]);
    expect(lines[0]).not.toHaveProperty('@type');
  },
);

test('a bug is reported with its stack', async () => {
  const lines = await linesOf({ answer: throwing(new TypeError('undefined is not a function')) });
  expect(lines).toEqual([
    expect.objectContaining({
      ...{ ...identity, severity: 'ERROR', outcome: 'put-off', code: 'INTERNAL' },
      '@type': expect.stringContaining('ReportedErrorEvent'),
      stack_trace: expect.stringMatching(/^TypeError: undefined is not a function\n\s+at /),
    }),
  ]);
});
