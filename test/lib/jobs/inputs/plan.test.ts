import { describe, expect, it } from 'vitest';
import { metadataFields } from '../../../../lib/jobs/inputs/plan.ts';
import { jobsOf } from '../../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

const inInput = (name: string) => ({ bucket: 'input', name });

function pair(request?: string, maskMetadata: Record<string, string> = {}) {
  const world = memoryBuckets();
  put(world, inInput('p.jpg'), 'picture');
  put(world, inInput('p.mask.png'), 'mask', { metadata: maskMetadata });
  if (request !== undefined) put(world, inInput('p.json'), request);
  return memoryClient(world);
}

describe('planJob', () => {
  it('takes each field from the file, else from metadata, else from the defaults', async () => {
    const store = pair('{"featherPx": 3}', { 'inpaint-feather-px': '5', 'inpaint-seed': '7', colour: 'red' });
    const [job] = await jobsOf(store, 'p.jpg', { requestDefaults: { seed: 1, dilationPx: 2 } });
    expect(job?.request).toMatchObject({ featherPx: 3, seed: 7, dilationPx: 2, mode: 'removal' });
  });

  it('takes a mask that was dropped over defaults that find one, and keeps the id', async () => {
    const requestDefaults = { maskMode: 'people', featherPx: 3 };
    const [found] = await jobsOf(pair(), 'p.jpg', { requestDefaults });
    expect(found?.request).toMatchObject({ maskMode: 'user', featherPx: 3 });
    const [asked] = await jobsOf(pair('{"maskMode": "people"}'), 'p.jpg', { requestDefaults });
    expect(asked?.request).toMatchObject({ maskMode: 'people' });
    // As in version 0.1, which took the defaults at their word.
    const [before] = await jobsOf(pair(), 'p.jpg', { requestDefaults: { maskMode: 'background' } });
    expect(before?.id).toBe('af804f09cd03a0dd');
  });

  it('edits with a mask that was found, corrected and dropped, where the defaults only find it', async () => {
    const requestDefaults = { maskMode: 'people', only: 'mask' };
    const [job] = await jobsOf(pair(), 'p.jpg', { requestDefaults });
    expect(job?.request).toMatchObject({ maskMode: 'user' });
    expect(job?.request?.only).toBeUndefined();
  });

  it('waits for the mask', async () => {
    const world = memoryBuckets();
    put(world, inInput('p.jpg'), 'picture');
    expect(await jobsOf(memoryClient(world), 'p.jpg')).toEqual([]);
  });

  it('waits for the request file where one is required', async () => {
    expect(await jobsOf(pair(), 'p.jpg', { requestFile: 'required' })).toEqual([]);
    expect(await jobsOf(pair('{}'), 'p.jpg', { requestFile: 'required' })).toHaveLength(1);
  });

  it('needs no mask object where the request needs none', async () => {
    const world = memoryBuckets();
    put(world, inInput('p.jpg'), 'picture');
    put(world, inInput('p.json'), '{"seed": 4}');
    const makesOwnMask = (request: { seed?: number | undefined }) => request.seed === 4;
    const [job] = await jobsOf(memoryClient(world), 'p.json', { makesOwnMask });
    expect(job?.inputs.mask).toBeUndefined();
    expect(job?.fault).toBeUndefined();
  });

  it.each([
    ['no JSON', '{', 'REQUEST_INVALID'],
    ['no object', '[1]', 'REQUEST_INVALID'],
    ['an unknown field', '{"colour": "red"}', 'REQUEST_INVALID'],
    ['too large', `{"prompt": "${'x'.repeat(65 * 1024)}"}`, 'REQUEST_TOO_LARGE'],
  ])('gives a job that reports its request: %s', async (_, text, code) => {
    const [job] = await jobsOf(pair(text), 'p.jpg');
    expect(job?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(job?.request).toBeUndefined();
    expect(job?.fault?.code).toBe(code);
  });

  it('names the same job whichever event leads to it', async () => {
    const store = pair('{}');
    const ids = await Promise.all(['p.jpg', 'p.mask.png', 'p.json'].map((name) => jobsOf(store, name)));
    expect(new Set(ids.flat().map(({ id }) => id)).size).toBe(1);
  });
});

describe('metadataFields', () => {
  it('reads numbers and texts as their fields want them', () => {
    expect(
      metadataFields({ 'inpaint-prompt': '42', 'inpaint-seed': '42', 'Inpaint-Feather-Px': '0' }),
    ).toEqual({
      prompt: '42',
      seed: 42,
      featherPx: 0,
    });
  });

  it('keeps unknown values for the schema to refuse', () => {
    expect(metadataFields({ 'inpaint-mode': 'paint', 'inpaint-colour': 'red' })).toEqual({
      mode: 'paint',
      colour: 'red',
    });
  });
});
