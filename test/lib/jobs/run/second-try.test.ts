import { expect, test } from 'vitest';
import { editor } from '../../../../lib/edit.ts';
import type { InpaintEngine } from '../../../../lib/engines/engine.ts';
import { engineCodec } from '../../../../lib/formats/vips/engine-codec.ts';
import { defaultBudget } from '../../../../lib/jobs/claim/budget.ts';
import { runJob } from '../../../../lib/jobs/run/run.ts';
import { jobsOf, never, runOptions } from '../../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';
import { boxMask, maskPng, noisePicture, pipelineOf } from '../../../support/pictures.ts';

const size = { width: 150, height: 110 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0, maxRegions: 1, maxTiles: 16 };
const editWith = (engine: InpaintEngine) =>
  editor({ engine, limits: { maxImageBytes: 1e7, maxImagePixels: 1e7 }, defaults });

test.each([
  [3, ['r0', 'r0.again']],
  [1, ['r0']],
])(
  'with %i calls of a region, an unedited answer is asked for again within them',
  async (maxModelCalls, keys) => {
    const world = memoryBuckets();
    const photo = noisePicture({ ...size, channels: 3, depth: 8 });
    put(world, { bucket: 'input', name: 'p.png' }, await pipelineOf(photo).png().toBuffer());
    const mask = boxMask(size, { left: 50, top: 40, width: 50, height: 40 });
    put(world, { bucket: 'input', name: 'p.mask.png' }, await maskPng(mask));
    const store = memoryClient(world);
    const [job] = await jobsOf(store, 'p.png');
    const calls: string[] = [];
    const engine: InpaintEngine = {
      name: 'fake:1',
      frames: { kind: 'free', maxSidePx: 1024 },
      async inpaint({ key, crop }) {
        calls.push(key);
        return {
          outcomes: [{ kind: 'image', image: await engineCodec.encode(crop) }],
          warnings: [],
          calls: 1,
        };
      },
    };
    const budget = { ...defaultBudget, maxModelCalls };
    const options = runOptions(store, engine, { editWith, maxImageBytes: 1e7, budget });
    const { outcome, facts } = await runJob(job!, options, never);
    expect(outcome).toBe('failed');
    expect(facts).toMatchObject({ code: 'ENGINE_UNEDITED', modelCalls: keys.length });
    expect(calls).toEqual(keys);
  },
);
