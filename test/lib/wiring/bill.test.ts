import { expect, test } from 'vitest';
import type { FaultyModel } from '../../support/faulty-model.ts';
import { deliverTo, openWiredWorld } from '../../support/wired-world.ts';

interface Tokens {
  readonly promptTokenCount: number;
  readonly candidatesTokensDetails: readonly { readonly modality: string; readonly tokenCount: number }[];
  readonly thoughtsTokenCount?: number;
  readonly trafficType: string;
}

/** What Google would write on its bill for the calls that were answered, by the price list of the model. */
function billOf(model: FaultyModel): number {
  const perToken = { input: 1.5e-6, text: 7.5e-6, image: 30e-6 };
  return model.calls().reduce((sum, { usage }) => {
    if (usage === undefined) return sum;
    const {
      promptTokenCount,
      candidatesTokensDetails,
      thoughtsTokenCount = 0,
      trafficType,
    } = usage as Tokens;
    const out = candidatesTokensDetails.map(
      ({ modality, tokenCount }) => tokenCount * (modality === 'IMAGE' ? perToken.image : perToken.text),
    );
    const usd = promptTokenCount * perToken.input + thoughtsTokenCount * perToken.text;
    const share = trafficType === 'ON_DEMAND_FLEX' ? 0.5 : 1;
    return sum + share * out.reduce((all, one) => all + one, usd);
  }, 0);
}

test('the manifests of a bucket add up to the bill of the model', async () => {
  await using world = await openWiredWorld({
    ENGINE: 'gemini',
    MODEL_TIER: 'flex',
    DAILY_COST_CAP_USD: '10',
  });
  const names = ['a', 'b', 'c'];
  await world.user.create(
    { bucket: 'input', name: 'b.json' },
    new TextEncoder().encode('{"samples": 2, "prompt": "sand"}'),
    { contentType: 'application/json' },
  );
  for (const name of names) await world.dropPair(name);
  const worker = await world.worker();
  // Words instead of a picture are billed too.
  world.model.behave({ refusal: true }, 1);
  for (const name of names) expect(await deliverTo(worker, name)).toBe('ended');
  const manifests = await Promise.all(names.map((name) => world.manifestOf(name)));
  const costs = manifests.map((manifest) => (manifest as { costEstimateUsd: number }).costEstimateUsd);
  const sum = costs.reduce((all, usd) => all + usd, 0);
  expect(world.model.calls().filter(({ usage }) => usage)).toHaveLength(5);
  expect(sum).toBeCloseTo(billOf(world.model), 9);
  expect(manifests[0]).toMatchObject({ usage: { trafficTypes: ['ON_DEMAND_FLEX'], imageTokens: 2 * 1120 } });
  const line = world.lines.find(({ fields }) => fields['outcome'] === 'published');
  expect(line?.fields).toMatchObject({ usage: { usd: costs[0] }, costEstimateUsd: costs[0] });
});
