import { describe, expect, it, vi } from 'vitest';
import { engineFor, mostOf, priceOf } from '../../../../lib/engines/engines.ts';
import type { ModelSettings } from '../../../../lib/engines/entry.ts';
import { engineCodec } from '../../../../lib/formats/vips/engine-codec.ts';
import { request, signal } from '../../../contract/support.ts';
import { engineOnFake, fakeClock, modelSettings } from '../../../support/fake-model.ts';
import { pngBase64, removalRequest } from '../../../support/inpaint-request.ts';
import { useFaultyModel } from '../../../support/use.ts';

const emulator = await useFaultyModel();

async function replyIn(settings: Partial<ModelSettings>, model = 'gemini-nano-banana-2.1') {
  const all = { ...modelSettings, modelBaseUrl: emulator.url, ...settings };
  const tuning = { clock: fakeClock().clock, random: () => 0 };
  const adapter = await engineFor({ engine: 'gemini', model }, all, { codec: engineCodec, tuning });
  return adapter.inpaint(request(), signal);
}

describe('a tier that the model has', () => {
  it.each([
    ['flex', 'ON_DEMAND_FLEX', 0.5],
    ['priority', 'ON_DEMAND_PRIORITY', 1.8],
  ] as const)('%s is asked for, and told with its price', async (modelTier, trafficType, share) => {
    const { usage: standard } = await replyIn({});
    const { usage, warnings } = await replyIn({ modelTier });
    expect(usage?.trafficTypes).toEqual([trafficType]);
    expect(usage?.usd).toBeCloseTo((standard?.usd ?? 0) * share, 9);
    expect(warnings.filter((warning) => /tier/.test(warning))).toEqual([]);
  });
});

describe('a tier that is not there', () => {
  it.each([
    ['a model that refuses it', {}, 'gemini-3.1-flash-image', [400, 200]],
    ['a location without tiers', { location: 'eu' }, 'gemini-3.1-flash-image', [200]],
    [
      'a model without it by the table',
      { models: { 'gemini-3.1-flash-image': { apis: ['gemini' as const], tiers: [] } } },
      'gemini-3.1-flash-image',
      [200],
    ],
  ])('%s: answered as standard, and told', async (_, settings, model, statuses) => {
    const location = 'location' in settings ? settings.location : 'global';
    const reply = await replyIn({ ...settings, location, modelTier: 'flex' }, model);
    expect(reply).toMatchObject({ calls: 1, usage: { trafficTypes: ['ON_DEMAND'] } });
    expect(reply.warnings.filter((warning) => warning.includes('the tier flex'))).toHaveLength(1);
    expect(emulator.calls().map(({ status }) => status)).toEqual(statuses);
  });

  it('is told where the model takes it and answers in another', async () => {
    const inlineData = { mimeType: 'image/png', data: pngBase64(1024, 1024) };
    const json = {
      candidates: [{ content: { parts: [{ inlineData }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1120, trafficType: 'ON_DEMAND' },
    };
    const { engine, seen } = await engineOnFake('gemini', [{ json }], { settings: { modelTier: 'flex' } });
    const { warnings, usage } = await engine.inpaint(removalRequest(), signal);
    expect(seen[0]?.headers.get('x-vertex-ai-llm-shared-request-type')).toBe('flex');
    expect(warnings).toEqual([expect.stringContaining('answered as ON_DEMAND')]);
    expect(usage?.usd).toBeCloseTo(0.0336 + 1.5e-6, 9);
  });
});

it('waits half an hour for a flex call, and three minutes for others', async () => {
  const waits = async (settings: Partial<ModelSettings>) => {
    const time = fakeClock();
    const deadline = vi.fn(time.clock.deadline);
    const tuning = { clock: { ...time.clock, deadline } };
    const { engine } = await engineOnFake('gemini', [{ status: 400 }], { settings, tuning });
    await engine.inpaint(removalRequest(), signal).catch(() => undefined);
    return deadline.mock.calls.map(([ms]) => ms);
  };
  expect(await waits({ modelTier: 'flex' })).toEqual([30 * 60_000]);
  expect(await waits({})).toEqual([180_000]);
});

it('estimates by the tier, and admits a flex call at the price of standard', () => {
  const frame = { width: 1024, height: 1024 };
  const call = { frame, samples: 1 };
  const name = 'gemini:gemini-nano-banana-2.1';
  const flex = { ...modelSettings, modelTier: 'flex' as const };
  expect(priceOf(name, flex)(call)).toBeCloseTo(0.0168);
  expect(mostOf(name, flex)(call)).toBe(mostOf(name, modelSettings)(call));
  expect(priceOf(name, { ...flex, modelTier: 'priority' })(call)).toBeCloseTo(0.0336 * 1.8);
  expect(priceOf('imagen:imagen-3.0-capability-001', flex)(call)).toBe(0.04);
});
