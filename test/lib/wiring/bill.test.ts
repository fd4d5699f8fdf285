import { expect, test } from 'vitest';
import { billOf } from '../../support/bill.ts';
import { deliverTo, openWiredWorld } from '../../support/wired-world.ts';

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
  expect(sum).toBeCloseTo(billOf(world.model.calls().map(({ usage }) => usage)), 9);
  expect(manifests[0]).toMatchObject({ usage: { trafficTypes: ['ON_DEMAND_FLEX'], imageTokens: 2 * 1120 } });
  const line = world.lines.find(({ fields }) => fields['outcome'] === 'published');
  expect(line?.fields).toMatchObject({ usage: { usd: costs[0] }, costEstimateUsd: costs[0] });
});
