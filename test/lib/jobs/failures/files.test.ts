import { describe, expect, it } from 'vitest';
import {
  deliver,
  delivery,
  dropPair,
  errorsOf,
  image,
  mask,
  numbered,
  outputsOf,
} from '../../../support/failure-world.ts';
import { fakeEngine } from '../../../support/job-world.ts';
import { put } from '../../../support/memory-store.ts';

// Each `describe` is a row of the table in docs/architecture.md, which test/docs compares.

describe('Image or mask uploaded again during the run', () => {
  it.each([
    ['image', image],
    ['mask', mask],
  ] as const)('%s: a new job, each result under its own name', async (_, id) => {
    const world = dropPair();
    const engine = fakeEngine((call) => {
      if (call === 1) put(world, id, 'newer');
      return `painted ${call}`;
    });
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(await deliver(world, engine, { id })).toBe('acknowledged');
    expect(outputsOf(world)).toHaveLength(2);
    expect(outputsOf(world)[0]).toBe('photo+mask+painted 1');
    expect(outputsOf(world)[1]).toContain('newer');
  });

  it('gone before it was downloaded: superseded, no result and no error file (G11)', async () => {
    const world = dropPair();
    const engine = numbered();
    const faultAt = (_: number, what: string) => {
      if (what.startsWith('create control/claims')) put(world, image, 'newer');
      return undefined;
    };
    expect(await deliver(world, engine, { faultAt })).toBe('acknowledged');
    expect([outputsOf(world), errorsOf(world), engine.calls]).toEqual([[], [], []]);
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(outputsOf(world)).toEqual(['newer+mask+painted 1']);
  });
});

describe('Poison file: bomb, corrupt, no image, mask of another size, empty mask', () => {
  // Every kind of poison is dropped into the whole system by test/deploy/local/system.test.ts.
  it('FAILED at once with an error file, the input untouched (G5, G13)', async () => {
    const world = dropPair('bomb');
    const engine = numbered();
    expect(await deliver(world, engine)).toBe('acknowledged');
    const message = 'Expected a picture, got bomb';
    expect(errorsOf(world)).toMatchObject([{ code: 'IMAGE_UNREADABLE', message, reuploadHelps: false }]);
    expect(world.objects.get('input/d/p.jpg')?.info.metageneration).toBe('1');
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(engine.calls).toEqual([]);
  });
});

describe('Name, metadata or request that nothing can be made of', () => {
  // test/lib/jobs/sweep/sweep.test.ts shows that sweeps go on.
  it.each([
    ['metadata', { 'inpaint-constructor': 'x' }, '{}'],
    ['metadata', JSON.parse('{"inpaint-__proto__":"x"}'), '{}'],
    ['a request', {}, `{"prompt":${'['.repeat(3000)}${']'.repeat(3000)}}`],
  ])('%s: an error file, and the event is acknowledged', async (_, metadata, request) => {
    const world = dropPair();
    put(world, mask, 'mask', { metadata });
    put(world, { bucket: 'input', name: 'd/p.json' }, request);
    const engine = numbered();
    expect(await deliver(world, engine)).toBe('acknowledged');
    expect(errorsOf(world)).toMatchObject([{ code: 'REQUEST_INVALID' }]);
    expect(engine.calls).toEqual([]);
  });
});

describe('Forged event', () => {
  it('the same result as a real one, and none outside the bucket (G24)', async () => {
    const world = dropPair();
    const engine = numbered();
    const forged = await delivery(world, engine, { id: { bucket: 'output', name: 'd/p.jpg' } });
    expect(forged).toEqual({ answer: 'redeliver', requests: [] });
    const outside = { bucket: 'input', name: '../../etc/passwd' };
    expect(await deliver(world, engine, { id: outside })).toBe('acknowledged');
    expect(engine.calls).toEqual([]);
  });
});
