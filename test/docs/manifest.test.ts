import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FitReport, RegionReport } from '../../lib/edit/region-report.ts';
import { type EditReport, editor } from '../../lib/edit.ts';
import type { InpaintEngine } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import type { Job } from '../../lib/jobs/inputs/plan.ts';
import { errorFileOf, manifestOf } from '../../lib/jobs/run/publish.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import type { ObjectInfo } from '../../lib/storage/store.ts';
import { drifts, simulateModel } from '../bench/drift.ts';
import { memoryBuckets, put } from '../support/memory-store.ts';
import { boxMask, maskPng, pipelineOf } from '../support/pictures.ts';
import { scenery } from '../support/scenery.ts';

/** Compares `docs/manifest.md` with the files that a job with three candidates and tiles writes. */

const document = readFileSync(new URL('../../docs/manifest.md', import.meta.url), 'utf8');
const [, manifestTable = '', errorTable = '', regionTable = '', fitTable = ''] = document.split(
  /^## manifest\.json$|^## error\.json$|^## Regions$|^Each of `fits`:$/m,
);
const fieldsOf = (table: string): string[] =>
  [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => String(name));

const size = { width: 420, height: 320 };
const picture = scenery(size);
const mask = boxMask(size, { left: 130, top: 110, width: 140, height: 110 });
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 16, dilationPx: 0, modelDilation: 0, maxRegions: 1, maxTiles: 16 };
const frames = { kind: 'free', maxSidePx: 190 } as const;

/** The last candidate fits best, the second one not at all. */
const candidates: readonly ((crop: Raster) => Raster)[] = [
  (crop) => simulateModel(crop, crop, { ...drifts.medium, blurPx: 2 }, 1),
  (crop) => ({ ...crop, data: crop.data.map((value, i) => ((i / 90) % 2 < 1 ? 255 - value : 20)) }),
  (crop) => simulateModel(crop, crop, drifts.mild, 2),
];

/** What is masked becomes what is on the other side. */
const mirrored = (crop: Raster, asked: Mask): Raster => ({
  ...crop,
  data: crop.data.map((level, i) => {
    const p = Math.trunc(i / 3);
    const x = p % crop.width;
    return asked.data[p] === 0 ? level : crop.data[3 * (p - x + crop.width - 1 - x) + (i % 3)]!;
  }),
});

const engine: InpaintEngine = {
  name: 'three',
  frames,
  async inpaint({ key, crop, mask: asked, samples }) {
    const painted = key === 'r0' ? mirrored(crop, asked!) : crop;
    const pictures = candidates.slice(-samples).map((paint) => paint(painted));
    const images = await Promise.all(pictures.map((one) => engineCodec.encode(one)));
    const outcomes = images.map((image) => ({ kind: 'image' as const, image }));
    return { outcomes, warnings: [], calls: 1, made: 3 };
  },
};

let report: EditReport;
beforeAll(async () => {
  const request = parseRequest({ samples: 3, detail: 'tiles' });
  const image = await pipelineOf(picture).png().toBuffer();
  const run = editor({ engine, limits, defaults });
  ({ report } = await run({ image, mask: await maskPng(mask), request }, new AbortController().signal));
});

const info = (name: string): ObjectInfo => put(memoryBuckets(), { bucket: 'input', name }, '');
const job: Job = {
  id: '0123456789abcdef',
  inputs: { image: info('p.png'), mask: info('p.mask.png'), request: undefined, keep: info('p.keep.png') },
  engine: 'fake:1',
  effectiveRequest: {},
  round: 1,
  request: parseRequest({}),
  fault: undefined,
  isPolarityGiven: false,
};
const readJson = (bytes: Uint8Array): Record<string, object> => JSON.parse(new TextDecoder().decode(bytes));

interface Shown {
  readonly inputs: { readonly image: object };
  readonly image: object;
  readonly outputs: readonly object[];
}

/** The names in code spans of the row of a field, without the field itself. */
const namesIn = (table: string, field: string): string[] => {
  const line = table.split('\n').find((each) => each.startsWith(`| \`${field}\` |`)) ?? '';
  return [...line.matchAll(/`(\w+)`/g)].map(([, name]) => String(name)).slice(1);
};

describe('docs/manifest.md', () => {
  it('names every field of manifest.json, and no others', () => {
    const claim = { state: 'DONE', owner: '', attempts: 1, modelCalls: {}, waitMs: 0, code: 'none' } as const;
    const outputs = [info('p.png/0123456789abcdef/1.png')];
    const manifest = readJson(
      manifestOf({
        job,
        claim,
        outputs,
        report,
        usage: { inputTokens: 1, textTokens: 0, thoughtTokens: 0, imageTokens: 1, trafficTypes: [], usd: 0 },
        costEstimateUsd: undefined,
      }),
    );
    expect(fieldsOf(manifestTable).sort()).toEqual(Object.keys(manifest).sort());
    const { inputs, image, outputs: [output] = [] } = manifest as unknown as Shown;
    expect(namesIn(manifestTable, 'inputs')).toEqual([
      ...Object.keys(inputs),
      ...Object.keys(inputs.image),
      'null',
    ]);
    expect(namesIn(manifestTable, 'outputs')).toEqual(Object.keys(output!));
    expect(namesIn(manifestTable, 'image')).toEqual(Object.keys(image));
    expect(namesIn(manifestTable, 'proofs')).toEqual(expect.arrayContaining(Object.keys(report.proofs[0]!)));
  });

  it('names every field of error.json, and no others', () => {
    const file = readJson(errorFileOf(job, new EditError('MASK_EMPTY', 'Expected a mask, got none')));
    expect(fieldsOf(errorTable).sort()).toEqual(Object.keys(file).sort());
  });

  it('names every field of a region and of a fit, and no others', () => {
    const [region] = report.regions;
    // What only an engine that copies tells, and only an insertion.
    const ofRegion = [...Object.keys(region!), 'avoided' satisfies keyof RegionReport];
    const ofFit = [...Object.keys(region!.fits[0]!), ...(['lines', 'cutOff'] satisfies (keyof FitReport)[])];
    expect(fieldsOf(regionTable).sort()).toEqual(ofRegion.sort());
    expect(fieldsOf(fitTable).sort()).toEqual(ofFit.sort());
    for (const name of Object.keys(region!.tiles!)) expect(regionTable).toContain(name);
    for (const name of Object.keys(region!.tiles!.fits[0]!)) expect(regionTable).toContain(`\`${name}\``);
  });

  it('gives the formula of the cost', () => {
    const [{ box, fits }] = report.regions as [EditReport['regions'][number]];
    expect(fits).toHaveLength(3);
    for (const fit of fits) {
      const { cost, ringAfter, seam, sharpness, effectiveResolution, driftPx } = fit;
      const driftPercent = (100 * driftPx) / Math.hypot(box.width, box.height);
      const inside = 24 * (fit.remains! + fit.foreign! + fit.plain!);
      const expected =
        inside + ringAfter + seam + 8 * (1 - sharpness) + 8 * (1 - effectiveResolution) + 0.5 * driftPercent;
      // Each score is rounded to hundredths.
      expect(Math.abs(cost - expected)).toBeLessThan(0.5);
    }
  });

  it('gives the limit of rejection and the order of candidates', () => {
    const [{ outcomes, fits }] = report.regions as [EditReport['regions'][number]];
    expect(outcomes.map(({ kind }) => kind)).toEqual(['image', 'drifted', 'image']);
    expect(fits[2]!.ringAfter).toBeGreaterThan(16);
    expect(fits[0]!.cost).toBeLessThan(fits[1]!.cost);
  });
});
