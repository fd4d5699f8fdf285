import { describe, expect, it } from 'vitest';
import { inputGenerations, jobId } from '../../../../lib/jobs/inputs/identity.ts';
import { readName } from '../../../../lib/jobs/inputs/names.ts';
import { collectInputs, setFrom } from '../../../../lib/jobs/inputs/pairing.ts';
import { explainUnpaired } from '../../../../lib/jobs/inputs/unpaired.ts';
import { endOf } from '../../../../lib/jobs/inputs/window.ts';
import { runJob } from '../../../../lib/jobs/run/run.ts';
import { statusOf } from '../../../../lib/jobs/status.ts';
import { buckets, fakeEditWith, fakeEngine, never, runOptions, soleJob } from '../../../support/job-world.ts';
import { bucketsWith, memoryClient, put } from '../../../support/memory-store.ts';

const pair = ['d/p.jpg', 'd/p.mask.png'];

const keepsOf = async (names: readonly string[], name: string) => {
  const client = memoryClient(bucketsWith(...names));
  const sets = await collectInputs(client, { bucket: 'input', name }, { folderMask: false }, never);
  return sets.map(({ image, keep }) => [image.name, keep?.name]);
};

describe('photo.keep.png', () => {
  it('is neither a picture nor a mask, and belongs to its picture', async () => {
    expect(readName('d/p.KEEP.png')).toMatchObject({ role: 'keep', stem: 'p' });
    expect(readName('d/p.keep.mask.png')?.role).toBe('mask');
    for (const keep of ['d/p.keep.png', 'd/p.jpg.keep.webp'])
      for (const name of [...pair, keep])
        expect(await keepsOf([...pair, keep], name)).toEqual([['d/p.jpg', keep]]);
    expect(await keepsOf([...pair, 'd/p.jpg.keep.png', 'd/p.keep.webp'], 'd/p.jpg')).toEqual([
      ['d/p.jpg', 'd/p.keep.webp'],
    ]);
  });

  it('makes another job of the same pair, which the end of the former does not settle', () => {
    const world = bucketsWith(...pair, 'd/p.keep.png');
    const [image, mask, keep] = [...pair, 'd/p.keep.png'].map((name) =>
      put(world, { bucket: 'input', name }, 'x'),
    );
    const without = setFrom(image!, [image!, mask!]);
    const [plain, kept] = [without, { ...without, keep: keep! }].map((inputs) => ({
      inputs,
      id: jobId({ inputs, engine: 'e', effectiveRequest: {} }),
      end: { ...image!, metadata: { image: image!.generation, mask: mask!.generation, request: 'none' } },
    }));
    const keptEnd = { ...image!, metadata: { ...plain!.end.metadata, keep: keep!.generation } };
    expect(kept!.id).not.toBe(plain!.id);
    expect(
      [plain!, kept!].map(({ inputs }) =>
        [plain!.end, keptEnd].map((end) => endOf(inputGenerations(inputs), [end]) !== undefined),
      ),
    ).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('is read by the job, named in its manifest, and no stray in the status', async () => {
    const world = bucketsWith();
    for (const name of [...pair, 'd/p.keep.png']) put(world, { bucket: 'input', name }, name);
    const store = memoryClient(world);
    const seen: unknown[] = [];
    const options = runOptions(store, fakeEngine(), {
      editWith: (engine) => (input, signal) => {
        seen.push(input.keep && new TextDecoder().decode(input.keep));
        return fakeEditWith()(engine)(input, signal);
      },
    });
    await runJob(await soleJob(store), options, never);
    expect(seen).toEqual(['d/p.keep.png']);
    const manifest = [...world.objects].find(([name]) => name.endsWith('manifest.json'))![1];
    expect(JSON.parse(new TextDecoder().decode(manifest.bytes)).inputs.keep).toMatchObject({
      name: 'd/p.keep.png',
    });
    const statuses = await statusOf({
      store,
      buckets,
      prefix: '',
      folderMask: false,
      requestFile: 'optional',
    });
    expect(statuses.map(({ name, state }) => [name, state])).toEqual([['d/p.jpg', 'done']]);
  });

  it('that has no picture says so', () => {
    const keep = put(bucketsWith(), { bucket: 'input', name: 'd/p.keep.png' }, 'x');
    expect(explainUnpaired([keep], [])[0]?.reason).toContain('waits for its picture');
  });
});
