import { describe, expect, test } from 'vitest';
import { readConfig } from '../../lib/config.ts';
import { dailyCapOf } from '../../lib/wiring/cost-cap.ts';

const buckets = { INPUT_BUCKET: 'in-put', OUTPUT_BUCKET: 'out-put', CONTROL_BUCKET: 'con-trol' };

test('needs no variable at all', () => {
  expect(readConfig({})).toMatchObject({
    buckets: undefined,
    engine: 'patchmatch',
    dilationPx: 0,
    limits: { maxImageBytes: 100_000_000, maxImagePixels: 150_000_000, acceptsAvif: false },
  });
});

test('treats an empty variable as unset', () => {
  expect(readConfig({ FEATHER_PX: '', STORAGE_API_ENDPOINT: '' })).toMatchObject({
    featherPx: 32,
    storageApiEndpoint: undefined,
  });
});

test('reads three buckets', () => {
  expect(readConfig(buckets, { buckets: true }).buckets).toEqual({
    input: 'in-put',
    output: 'out-put',
    control: 'con-trol',
  });
});

test('reads defaults of requests as JSON', () => {
  const text = '{"mode": "insertion", "featherPx": 8}';
  expect(readConfig({ REQUEST_DEFAULTS: text }).requestDefaults).toEqual({ mode: 'insertion', featherPx: 8 });
  expect(readConfig({}).requestDefaults).toEqual({});
});

test.each([60_000, 510_000, 3_600_000])('gives task and lease more time than a run of %d ms', (ms) => {
  const { budget } = readConfig({ EDIT_DEADLINE_MS: String(ms) });
  expect(budget.deadlineMs).toBe(ms);
  expect(budget.leaseMs).toBeGreaterThan(ms);
  // Cloud Tasks waits for half an hour at most.
  expect(budget.taskDeadlineMs).toBeGreaterThan(Math.min(ms, 1_799_999));
  expect(budget.taskDeadlineMs).toBeLessThanOrEqual(1_800_000);
  expect(budget.leaseMs).toBeGreaterThan(budget.taskDeadlineMs);
});

test('gives tasks half an hour with flex, also where they are only queued', () => {
  const { budget } = readConfig({ MODEL_TIER: 'flex', EDIT_DEADLINE_MS: '90000' });
  expect(budget).toMatchObject({ deadlineMs: 90_000, taskDeadlineMs: 1_800_000 });
  expect(budget.leaseMs).toBeGreaterThan(budget.taskDeadlineMs);
});

describe('refuses', () => {
  const message = (environment: Record<string, string>, needs = false) => {
    try {
      readConfig(environment, { buckets: needs });
    } catch (error) {
      return (error as Error).message;
    }
    return expect.unreachable();
  };

  test('every fault at once', () => {
    const text = message({ MAX_IMAGE_BYTES: 'lots', DILATION_PX: '-1', INPUT_BUCKET: 'in-put' });
    for (const name of ['MAX_IMAGE_BYTES', 'DILATION_PX', 'OUTPUT_BUCKET', 'CONTROL_BUCKET'])
      expect(text).toContain(name);
    expect(text).toContain('got "lots"');
  });

  test('an output bucket that is the input bucket: results would be uploads', () => {
    expect(message({ ...buckets, OUTPUT_BUCKET: 'in-put' })).toContain('expected distinct buckets');
  });

  test.each([
    ['{"fether": 8}', 'fether'],
    ['{"featherPx": "8"}', 'expected number'],
    ['[8]', 'expected record'],
    ['{', 'expected JSON'],
  ])('wrong defaults of requests: %s', (text, fault) => {
    expect(message({ REQUEST_DEFAULTS: text })).toMatch(new RegExp(`REQUEST_DEFAULTS.*${fault}`));
  });

  test('no buckets where they are needed', () => {
    for (const some of [{}, { CONTROL_BUCKET: 'con-trol' }])
      expect(message(some, true)).toContain('INPUT_BUCKET: expected a bucket name, got none');
  });
});

test('takes the control bucket alone, for functions that only count their cost', () => {
  const config = readConfig({ CONTROL_BUCKET: 'con-trol' });
  expect(config).toMatchObject({ buckets: undefined, controlBucket: 'con-trol' });
});

test.each([
  [{}, 20],
  [{ DAILY_COST_CAP_USD: '3' }, 3],
  [{ DAILY_COST_CAP_USD: '3', MODEL_BASE_URL: 'http://127.0.0.1:1' }, 3],
  [{ DAILY_COST_CAP_USD: 'none' }, undefined],
  [{ MODEL_BASE_URL: 'http://127.0.0.1:1' }, undefined],
])('caps the cost of a day: %o -> %s USD', (settings, usd) => {
  expect(dailyCapOf(readConfig({ ENGINE: 'gemini', ...settings }))).toBe(usd);
});
