import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { figurePicture } from '../../support/figure.ts';
import { pipelineOf } from '../../support/pictures.ts';
import { deliverTo, openWiredWorld, type WiredWorld } from '../../support/wired-world.ts';

const figure = await pipelineOf(figurePicture(160, 120)).png().toBuffer();
const hourMs = 3_600_000;
// Only the clock is a fake.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 4, 1, 12) }));
afterEach(() => void vi.useRealTimers());

const people = { REQUEST_DEFAULTS: '{"maskMode": "people"}' };

async function drop(world: WiredWorld, name: string, metadata: Record<string, string> = {}) {
  await world.user.create({ bucket: 'input', name }, figure, { contentType: 'image/png', metadata });
}

test('a whole bucket: people are taken out of whatever is dropped, without a mask and without a model', async () => {
  await using world = await openWiredWorld({ ...people, ENGINE: 'patchmatch' });
  await drop(world, 'p.png');
  expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
  expect(await world.endOf('p')).toEqual(['1.png', 'manifest.json', 'mask.png']);
  expect(await world.manifestOf('p')).toMatchObject({
    inputs: { mask: null },
    mask: {
      name: expect.stringMatching(/^p\.png\/[0-9a-f]{16}\/mask\.png$/),
      generation: expect.any(String),
      contentType: 'image/png',
      finder: 'people',
      found: [{ label: 'person' }],
    },
    proofs: [{ outside: 'exact', differingPixels: 0 }],
    costEstimateUsd: 0,
  });
});

test('metadata of the photo alone ask for it too', async () => {
  await using world = await openWiredWorld({ ENGINE: 'patchmatch' });
  await drop(world, 'p.png', { 'inpaint-mask-mode': 'people' });
  expect(await deliverTo(await world.worker(), 'p')).toBe('ended');
  expect(await world.endOf('p')).toContain('mask.png');
});

test('what was found is kept: after a fault the finder is not asked and paid again', async () => {
  await using world = await openWiredWorld({ ...people, ENGINE: 'gemini', MAX_MODEL_CALLS: '3' });
  await drop(world, 'p.png');
  const worker = await world.worker();
  world.model.behave({}, 1);
  world.model.behave({ status: 503 }, 3);
  expect(await deliverTo(worker, 'p')).toBe('MODEL_UNAVAILABLE');
  const asked = () => world.model.calls().filter(({ images }) => images.length === 1).length;
  expect(asked()).toBe(1);
  expect(await world.claimOf('p')).toMatchObject({ modelCalls: 'm0=1,r0=0' });
  vi.setSystemTime(Date.now() + hourMs);
  expect(await deliverTo(worker, 'p')).toBe('ended');
  expect(asked()).toBe(1);
  // One call of the finder and one of the edit, at 0.0336 USD each, and their tokens.
  const costEstimateUsd = expect.closeTo(0.0734, 4);
  expect(await world.manifestOf('p')).toMatchObject({ modelCalls: 2, costEstimateUsd });
});
