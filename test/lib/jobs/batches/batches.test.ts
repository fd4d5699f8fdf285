import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { runJob } from '../../../../lib/jobs/run/run.ts';
import {
  claimsIn,
  endsOf,
  expectNothingDoubled,
  openSweptWorld,
  type SweptWorld,
  sweepOnce,
  sweepToTheEnd,
} from '../../../support/batch-world.ts';
import { never, runOptions, soleJob } from '../../../support/job-world.ts';
import { bucketsWith, type Fault, memoryClient } from '../../../support/memory-store.ts';

const hourMs = 3_600_000;
const names = ['a.jpg', 'b.jpg'];

function openMemoryWorld() {
  const memory = bucketsWith(...names.flatMap((name) => [name, name.replace('.jpg', '.mask.png')]));
  const pass = (ms: number) => {
    memory.nowMs += ms;
  };
  return { memory, world: openSweptWorld(memoryClient(memory), { names, pass }) };
}
const openWorld = () => openMemoryWorld().world;

describe('a sweep with batches', () => {
  it('submits new jobs together, leaves them alone, and publishes what the batch answers', async () => {
    const world = openWorld();
    await sweepOnce(world);
    expect(world.service.orders).toHaveLength(1);
    expect(await claimsIn(world)).toMatchObject(
      names.map(() => ({ state: 'WAIT', code: 'BATCHED', modelCalls: 'r0=1', attempts: '0' })),
    );
    const store = world.own;
    const job = await soleJob(store, 'a.jpg');
    const { outcome } = await runJob(job, runOptions(store, world.engine), never);
    expect(outcome).toBe('batched');
    await sweepOnce(world);
    expect(await endsOf(world)).toEqual(['batched', 'batched']);
    expect(await claimsIn(world)).toMatchObject(names.map(() => ({ state: 'DONE', modelCalls: 'r0=1' })));
    expect(world.engine.calls).toEqual([]);
    await sweepOnce(world);
    expect(world.service.orders).toHaveLength(1);
  });

  it.each([
    ['none', ['live', 'live']],
    ['faults', ['live', 'live']],
    ['half', ['live', 'batched']],
  ] as const)('asks the model again for what a batch did not answer: %s', async (fate, ends) => {
    const world = openWorld();
    world.service.fate = fate;
    await sweepOnce(world);
    await sweepOnce(world);
    expect(await endsOf(world)).toEqual(ends);
    expect(await claimsIn(world)).toMatchObject(
      ends.map((end) => ({ modelCalls: end === 'live' ? 'r0=2' : 'r0=1' })),
    );
  });

  it('ends a job whose only call a batch did not answer', async () => {
    const world = openWorld();
    world.service.fate = 'none';
    await sweepOnce(world, { maxModelCalls: 1 });
    await sweepOnce(world, { maxModelCalls: 1 });
    expect(await endsOf(world)).toEqual(['BUDGET_SPENT', 'BUDGET_SPENT']);
    expect(world.engine.calls).toEqual([]);
  });

  it('asks one by one where the model takes no batches, and gives the calls back', async () => {
    const world = openWorld();
    world.service.refusal = new EditError('MODEL_INCOMPATIBLE', 'Expected a model with batches');
    await sweepOnce(world);
    await sweepOnce(world);
    expect(await endsOf(world)).toEqual(['live', 'live']);
    expect(await claimsIn(world)).toMatchObject(names.map(() => ({ state: 'DONE', modelCalls: 'r0=1' })));
  });

  it.each([
    [undefined, true],
    [false, false],
  ])(
    'submits once what was taken, though the answer was a fault: may be billed %s',
    async (mayBeBilled, isBlind) => {
      const world = openWorld();
      const billing = mayBeBilled === undefined ? undefined : { calls: 1, mayBeBilled };
      world.service.lateFault = new EditError('MODEL_UNAVAILABLE', 'Expected an answer', { billing });
      world.service.isBlind = isBlind;
      for (let n = 0; n < 2; n++) await sweepOnce(world);
      expect(world.service.orders).toHaveLength(1);
      world.service.isBlind = false;
      for (let n = 0; n < 3; n++) await sweepOnce(world);
      expect(await endsOf(world)).toEqual(['batched', 'batched']);
      expect(world.service.orders).toHaveLength(1);
    },
  );

  it('waits with a batch that the service cannot take now', async () => {
    const world = openWorld();
    world.service.refusal = new EditError('MODEL_QUOTA', 'Expected a free place');
    await sweepOnce(world);
    await sweepOnce(world);
    expect(await endsOf(world)).toEqual(['open', 'open']);
    world.service.refusal = undefined;
    for (let n = 0; n < 3; n++) await sweepOnce(world);
    expect(await endsOf(world)).toEqual(['batched', 'batched']);
    expect(world.service.orders).toHaveLength(1);
  });
});

it('a batch whose pictures cannot be read stops no sweep', async () => {
  const memory = bucketsWith('a.jpg', 'a.mask.png');
  const isBroken = (what: string) => what.startsWith('read ') && what.endsWith('sets.jsonl');
  const store = memoryClient(memory, (_, what) => (isBroken(what) ? 'unavailable' : undefined));
  const world = openSweptWorld(store, { names: ['a.jpg'], pass: () => {} });
  for (let n = 0; n < 3; n++) await sweepOnce(world);
  expect(store.requests.filter(isBroken)).not.toEqual([]);
  expect(await endsOf(world)).toEqual(['batched']);
});

describe('a sweep that was given up and goes on', () => {
  const others = (world: SweptWorld) => async () => {
    for (let n = 0; n < 3; n++) {
      world.pass(3 * hourMs);
      await sweepOnce(world);
    }
  };

  it('sends nothing of a batch whose jobs run elsewhere', async () => {
    const world = openWorld();
    await sweepOnce(world, { afterJobs: others(world) });
    expect(world.service.orders).toEqual([]);
    expect(await claimsIn(world)).toMatchObject(names.map(() => ({ state: 'DONE', modelCalls: 'r0=1' })));
    await expectNothingDoubled(world);
  });

  it('submits at most what was counted', async () => {
    const world = openWorld();
    world.service.beforeSubmit = others(world);
    await sweepOnce(world);
    await sweepOnce(world);
    expect(world.service.orders).toHaveLength(1);
    expect(await claimsIn(world)).toMatchObject(names.map(() => ({ state: 'DONE', modelCalls: 'r0=2' })));
    await expectNothingDoubled(world);
  });
});

describe('a sweep with batches that fails at any request', () => {
  it.each<[sweeps: number, fault: Fault]>(
    [0, 1].flatMap((sweeps) =>
      (['crash-before', 'crash-after', 'lost'] as const).map((fault): [number, Fault] => [sweeps, fault]),
    ),
  )('after %i sweeps, %s: nothing is doubled, nothing is lost', async (sweeps, fault) => {
    for (let at = 1; ; at++) {
      const { memory, world } = openMemoryWorld();
      for (let n = 0; n < sweeps; n++) await sweepOnce(world);
      let isHit = false;
      const store = memoryClient(memory, (request) => {
        if (request !== at) return undefined;
        isHit = true;
        return fault;
      });
      await sweepOnce(world, { store }).catch(() => undefined);
      if (!isHit) break;
      await sweepToTheEnd(world);
      await expectNothingDoubled(world);
    }
  });
});
