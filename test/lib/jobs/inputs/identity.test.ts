import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, jobId } from '../../../../lib/jobs/inputs/identity.ts';
import { memoryBuckets, put } from '../../../support/memory-store.ts';

const world = memoryBuckets();
const image = put(world, { bucket: 'input', name: 'photo.jpg' }, 'picture');
const mask = put(world, { bucket: 'input', name: 'photo.mask.png' }, 'mask');
const request = put(world, { bucket: 'input', name: 'photo.json' }, '{}');
const facts = { inputs: { image, mask, request }, engine: 'fake:1', effectiveRequest: { mode: 'removal' } };

describe('jobId', () => {
  it('is 16 hex digits and stays what it was in earlier releases (G16)', () => {
    expect(jobId(facts)).toMatch(/^[0-9a-f]{16}$/);
    const fixed = { ...image, generation: '1', crc32c: 'AAAAAA==' };
    const inputs = { image: fixed, mask: undefined, request: undefined };
    expect(jobId({ inputs, engine: 'e', effectiveRequest: null })).toBe('1e0e4ba786b45708');
  });

  it.each([
    ['the image was uploaded again', { inputs: { image: { ...image, generation: '9' }, mask, request } }],
    ['the mask was uploaded again', { inputs: { image, mask: { ...mask, generation: '9' }, request } }],
    ['the request was uploaded again', { inputs: { image, mask, request: { ...request, generation: '9' } } }],
    ['the mask is gone', { inputs: { image, mask: undefined, request } }],
    ['the request is gone', { inputs: { image, mask, request: undefined } }],
    ['the bytes differ', { inputs: { image: { ...image, crc32c: 'x' }, mask, request } }],
    ['the bucket differs', { inputs: { image: { ...image, bucket: 'other' }, mask, request } }],
    ['the model differs', { engine: 'fake:2' }],
    ['the request differs', { effectiveRequest: { mode: 'insertion' } }],
  ])('differs when %s', (_, change) => {
    expect(jobId({ ...facts, ...change })).not.toBe(jobId(facts));
  });

  it('does not depend on what may change without a new upload', () => {
    const touched = {
      ...image,
      metageneration: '7',
      metadata: { colour: 'red' },
      serverTimeMs: 0,
      updated: 'later',
    };
    expect(jobId({ ...facts, inputs: { image: touched, mask, request } })).toBe(jobId(facts));
  });
});

describe('canonicalJson', () => {
  it('sorts keys at every depth and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [1, { z: null, y: 'é"' }], a: undefined, A: true })).toBe(
      '{"A":true,"b":[1,{"y":"é\\"","z":null}]}',
    );
  });

  it('gives one text for one value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
