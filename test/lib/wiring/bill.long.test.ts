import { expect, test } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import type { EditResult } from '../../../lib/edit.ts';
import { startTracing } from '../../../lib/trace/tracing.ts';
import { makeCostCap } from '../../../lib/wiring/cost-cap.ts';
import { type EditWith, modelCalls } from '../../../lib/wiring/engines.ts';
import { makeJobs } from '../../../lib/wiring/jobs.ts';
import { billOf } from '../../support/bill.ts';
import { drop, listed, openEmulator, textAt, workerStore } from '../../support/emulator-world.ts';
import { startFaultyModel } from '../../support/faulty-model.ts';
import { greyCrop, removalRequest } from '../../support/inpaint-request.ts';
import { fakeEditWith, never, silentLog } from '../../support/job-world.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 64, height: 64 };
const mask = boxMask(size, { left: 20, top: 20, width: 16, height: 16 });

/** A call with a picture of its own, and nothing else of an edit: pixels cost time, and no tokens. */
const oneCall: EditWith = (engine) => {
  const asking = {
    ...engine,
    inpaint: ({ samples }: { readonly samples: number }, signal: AbortSignal) =>
      engine.inpaint(removalRequest({ crop: greyCrop(64, 64), mask, samples }), signal),
  };
  return async (input, signal): Promise<EditResult> => fakeEditWith()(asking)(input, signal);
};

interface Manifest {
  readonly costEstimateUsd: number;
  readonly modelCalls: number;
  readonly usage: { readonly usd: number; readonly imageTokens: number; readonly inputTokens: number };
}

test('1,000 manifests add up to the bill: standard, flex and batch', { timeout: 240_000 }, async () => {
  await using storage = await openEmulator();
  const model = await startFaultyModel({ scale: 1 / 64, storageBaseUrl: storage.url });
  const user = workerStore(storage, 'user');
  const jobsWith = (settings: Readonly<Record<string, string>>) => {
    const config = readConfig({
      ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
      ...{ STORAGE_API_ENDPOINT: storage.url, MODEL_BASE_URL: model.url, ENGINE: 'gemini' },
      ...{ DAILY_COST_CAP_USD: '1000', SWEEP_MAX_JOBS: '400', ...settings },
    });
    const tracing = startTracing();
    const background = () => {};
    return makeJobs({
      ...{ config, tracing, log: silentLog, shutdown: never, background, editWith: oneCall },
      ...{ calls: modelCalls(config, tracing), cap: makeCostCap(config, silentLog, tracing) },
    });
  };
  const stems = Array.from({ length: 1000 }, (_, n) => `p${1000 + n}`);
  const [standard, flex] = await Promise.all([jobsWith({}), jobsWith({ MODEL_TIER: 'flex' })]);
  const work = async (lane: number): Promise<void> => {
    for (const [n, stem] of stems.entries()) {
      if (n % 4 !== lane) continue;
      for (const name of [`${stem}.png`, `${stem}.mask.png`]) await drop(user, name, name);
      if (n % 10 === 0) await drop(user, `${stem}.json`, '{"samples": 2}');
      // Words instead of a picture are billed; a refused call is not.
      if (n >= 670) continue;
      if (n % 40 === 0) model.behave({ refusal: true }, 1);
      if (n % 100 === 50) model.behave({ status: 503 }, 1);
      const jobs = n < 340 ? standard : flex;
      await jobs.runJob({ bucket: 'input', name: `${stem}.png` }, never);
    }
  };
  await Promise.all([0, 1, 2, 3].map(work));
  const live = model.calls().map(({ usage }) => usage);
  model.reset();
  storage.advance(600_000);
  const batch = await jobsWith({ BATCH: 'on' });
  for (let n = 0; n < 3; n++) await batch.sweep({ isDryRun: false }, never);
  const inBatch: unknown[] = [];
  for (const info of await listed(user, 'control', 'batch/')) {
    if (!info.name.endsWith('predictions.jsonl')) continue;
    const bytes = await user.read(info, { maxBytes: 1e9 });
    for (const line of new TextDecoder().decode(bytes).split('\n').filter(Boolean))
      inBatch.push(JSON.parse(line).response.usageMetadata);
  }
  const manifests: Manifest[] = [];
  for (const info of await listed(user, 'output', ''))
    if (info.name.endsWith('manifest.json')) manifests.push(JSON.parse(await textAt(user, info)));
  expect(manifests).toHaveLength(1000);
  expect(model.calls()).toEqual([]);
  const sum = (of: (manifest: Manifest) => number) => manifests.reduce((all, one) => all + of(one), 0);
  const all = [...live.filter(Boolean), ...inBatch] as readonly {
    readonly promptTokenCount: number;
    readonly candidatesTokensDetails: readonly { readonly tokenCount: number }[];
  }[];
  const bill = billOf(live) + billOf(inBatch, 0.5);
  const { length: calls } = all;
  console.log(
    `${calls} billed calls, ${bill.toFixed(6)} USD; manifests ${sum((one) => one.costEstimateUsd).toFixed(6)} USD`,
  );
  expect(sum(({ costEstimateUsd }) => costEstimateUsd)).toBeCloseTo(bill, 6);
  expect(sum(({ usage }) => usage.inputTokens)).toBe(
    all.reduce((one, { promptTokenCount }) => one + promptTokenCount, 0),
  );
  await model.close();
});
