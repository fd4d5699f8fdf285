import { expect, it } from 'vitest';
import type { InputSet } from '../../../../lib/jobs/inputs/identity.ts';
import { planJob } from '../../../../lib/jobs/inputs/plan.ts';
import type { ObjectInfo, ObjectStore } from '../../../../lib/storage/store.ts';

/**
 * Ids of jobs as version 0.1 made them. They stand in buckets, in names of claims and results: an id that
 * changes does the job again and bills it again. A new option must leave them alone: at its default it is no
 * part of
 * the canonical request. Never change an id here; raise `pipelineMajor` when results shall change on purpose.
 */
const golden: readonly (readonly [id: string, what: string, world: World])[] = [
  ['03764fd843fa0071', 'a pair without a request', {}],
  ['b988a1924934fdca', 'an empty request file', { file: '{}' }],
  [
    '510d021e32f5eda6',
    'an insertion with every option that is a number',
    {
      engine: 'imagen:imagen-3.0-capability-001',
      file: '{"mode":"insertion","prompt":"a red boat","samples":4,"steps":35,"guidance":60,"seed":7,"maskDilation":0.02,"dilationPx":3,"featherPx":12,"modelFormat":"jpeg","modelQuality":90,"outputFormat":"jpeg","outputQuality":88}',
    },
  ],
  [
    '4c9077cb6dc98336',
    'words for the model, labels and an old safety name',
    {
      engine: 'imagen:imagen-3.0-capability-001',
      file: '{"prompt":"empty beach","negativePrompt":"people","language":"de","personGeneration":"allow_adult","safetySetting":"block_some","addWatermark":false,"includeSafetyAttributes":true,"labels":{"team":"archive"}}',
    },
  ],
  [
    '85fa26b70b7b79f9',
    'fields in metadata, all text',
    { metadata: { 'inpaint-feather-px': '5', 'inpaint-seed': '7', colour: 'red' } },
  ],
  [
    'f9234b5ed2da9448',
    'a file over metadata over defaults',
    {
      file: '{"featherPx":3}',
      metadata: { 'inpaint-feather-px': '5', 'inpaint-seed': '7' },
      defaults: { seed: 1, dilationPx: 2, polarity: 'black' },
    },
  ],
  [
    'f1054e0d21d1249f',
    'a mask of classes by the model, no mask file',
    {
      engine: 'imagen:imagen-3.0-capability-001',
      hasMask: false,
      file: '{"maskMode":"semantic","maskClasses":"bicycle, car"}',
    },
  ],
  [
    'c1d900104e86b469',
    'tiles, whole blocks, another engine and model',
    {
      engine: 'gemini:gemini-3-pro-image',
      file: '{"detail":"tiles","jpegBlocks":"inside","engine":"gemini","model":"gemini-3-pro-image"}',
    },
  ],
  [
    '24426abf4c4d35b8',
    'a request that is refused, by its fields',
    { file: '{"colour":"red","featherPx":1}' },
  ],
  ['ab0784a1287c84ac', 'a request file that is no JSON', { file: '{' }],
];

interface World {
  readonly engine?: string;
  readonly file?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly hasMask?: boolean;
}

const object = (name: string, generation: string, crc32c: string): ObjectInfo => ({
  bucket: 'photos-in',
  name,
  generation,
  metageneration: '1',
  sizeBytes: 100,
  crc32c,
  contentType: 'application/octet-stream',
  metadata: {},
  timeCreated: '2026-01-01T00:00:00.000Z',
  updated: '2026-01-01T00:00:00.000Z',
  serverTimeMs: 0,
});

it.each(golden)('keeps %s: %s', async (id, _, world) => {
  const { engine = 'patchmatch', file, metadata = {}, defaults = {}, hasMask = true } = world;
  const inputs: InputSet = {
    image: object('shop/Café 1.jpg', '1700000000000001', 'yZRlqg=='),
    mask: hasMask
      ? { ...object('shop/Café 1.mask.png', '1700000000000002', 'AAAAAA=='), metadata }
      : undefined,
    request: file === undefined ? undefined : object('shop/Café 1.json', '1700000000000003', '/wAAAQ=='),
  };
  const store = { read: async () => new TextEncoder().encode(file) } as unknown as ObjectStore;
  const options = {
    engine,
    requestDefaults: defaults,
    requestFile: 'optional',
    makesOwnMask: ({ maskMode }: { readonly maskMode: string }) => maskMode !== 'user',
  } as const;
  expect((await planJob(store, inputs, options, AbortSignal.timeout(10_000)))?.id).toBe(id);
});
