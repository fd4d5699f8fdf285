import { describe, expect, it, test } from 'vitest';
import { estimateUsd, modelEntry } from '../../../../lib/engines/models.ts';
import { jobCostUsd, measuredCalls, modelCallsOf } from '../../../../lib/jobs/run/cost.ts';

const regionOf = (side: number) => ({ frame: { width: side, height: side } }) as never;

describe('jobCostUsd', () => {
  const priceOf = ({ frame, samples }: { frame: { width: number }; samples: number }) =>
    frame.width * samples;

  it('prices every counted call by the frame of its region and the pictures asked for', () => {
    const counted = { modelCalls: { r0: 2, r1: 1, r1t0: 1, r1t1: 1 }, regions: [regionOf(1), regionOf(10)] };
    expect(jobCostUsd({ ...counted, samples: 4 }, priceOf)).toBe(2 * 4 + 40 + 10 + 10);
  });

  it('takes what calls said that they cost, and estimates only the others', () => {
    const measured = measuredCalls();
    const tokens = { inputTokens: 1, textTokens: 0, thoughtTokens: 0, imageTokens: 1, trafficTypes: [] };
    measured.add('r0', { outcomes: [], warnings: [], calls: 1, usage: { ...tokens, usd: 0.5 } });
    const counted = { modelCalls: { r0: 2, r1: 1 }, regions: [regionOf(1), regionOf(10)], samples: 1 };
    expect(jobCostUsd({ ...counted, measured }, priceOf)).toBe(0.5 + 1 + 10);
    expect(jobCostUsd({ ...counted, modelCalls: { r0: 1 }, measured }, () => undefined)).toBe(0.5);
  });

  it('has no figure where the model has none, and none is needed without calls', () => {
    expect(jobCostUsd({ modelCalls: { r0: 1 }, regions: [], samples: 1 }, () => undefined)).toBeUndefined();
    expect(jobCostUsd({ modelCalls: {}, regions: [], samples: 1 }, () => undefined)).toBe(0);
  });
});

test.each([
  ['gemini-3.1-flash-image', 1584, 672, 0.067],
  ['gemini-3.1-flash-image', 2048, 2048, 0.101],
  ['gemini-3.1-flash-image', 4096, 4096, 0.151],
  ['gemini-nano-banana-2.1', 1024, 1024, 0.0336],
  ['gemini-nano-banana-2.1', 3072, 384, 0.0336],
  ['gemini-nano-banana-2.1', 2048, 2048, 0.0504],
  // 2K does not cover it.
  ['gemini-nano-banana-2.1', 3000, 3000, 0.1134],
  ['gemini-3.1-flash-lite-image', 3000, 3000, 0.0336],
  ['imagen-3.0-capability-001', 1024, 768, 0.04],
  // Sold in one size: a frame the list does not know is not free.
  ['imagen-3.0-capability-001', 4096, 512, 0.04],
])('%s, %i x %i px: %d USD for one picture', (model, width, height, usd) => {
  expect(estimateUsd(modelEntry(model), { width, height }, 1)).toBe(usd);
  expect(estimateUsd(modelEntry(model), { width, height }, 3)).toBeCloseTo(3 * usd);
});

it.each([
  ['patchmatch', 1],
  ['onnx:lama', 1],
  ['gemini:gemini-3-pro-image', 4],
  ['later:model', 4],
  [undefined, 4],
])('counts the calls of models that %s makes', (engine, calls) => {
  expect(modelCallsOf({ modelCalls: { r0: 1, r0t2: 2, m0: 1 } }, engine)).toBe(calls);
});
