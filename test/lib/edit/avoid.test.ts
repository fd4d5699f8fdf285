import { describe, expect, it } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { MaskFinder } from '../../../lib/finders/finder.ts';
import { boundingBox } from '../../../lib/pixels/box.ts';
import type { Box, Mask } from '../../../lib/pixels/raster.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0, maxRegions: 4, maxTiles: 16 };
const size = { width: 400, height: 300 };
/** The engine sees 340 x 248 px, from 20, 26. */
const hole = { left: 105, top: 90, width: 170, height: 120 };
const seen = { width: 340, height: 248 };

interface Case {
  /** In what the engine sees. */
  readonly people: Box;
  /** Nobody is here. */
  readonly empty?: Box;
  /** Has the colour of skin. */
  readonly skin?: Box;
  readonly request?: object;
  readonly keep?: Box;
  readonly avoids?: boolean;
  readonly maxSidePx?: number;
}

/** What the engine is told to avoid where a finder finds people in a box of what it sees. */
async function avoided({ people, empty, skin, request = {}, keep, avoids = true, maxSidePx = 1024 }: Case) {
  const looks: string[] = [];
  const finder: MaskFinder = {
    name: 'fake',
    async find({ picture, wanted }) {
      looks.push(wanted.mode);
      const mask = boxMask(picture, people);
      const nobody = empty && boxMask(picture, empty).data;
      nobody?.forEach((value, p) => {
        if (value > 0) mask.data[p] = 0;
      });
      return {
        masks: [{ mask, labels: [] }],
        edgePx: 0,
        warnings: [],
        calls: 0,
      };
    },
  };
  const { engine, requests } = paintEngine(greyPaint, { avoids, frames: { kind: 'free', maxSidePx } });
  const waves = wavePicture(size);
  // Grey, since some waves have the colour of skin.
  const picture = { ...waves, data: waves.data.map((_, i) => waves.data[i - (i % 3)]!) };
  const isSkin = skin && boxMask(size, { ...skin, left: skin.left + 20, top: skin.top + 26 }).data;
  isSkin?.forEach((value, p) => {
    if (value > 0) picture.data.set([224, 172, 140], 3 * p);
  });
  const { report } = await editor({ engine, people: finder, limits, defaults })(
    {
      image: await pipelineOf(picture).png().toBuffer(),
      mask: await maskPng(boxMask(size, hole)),
      keep: keep && (await maskPng(boxMask(size, keep))),
      request: parseRequest(request),
    },
    new AbortController().signal,
  );
  const [sent] = requests;
  const [{ avoided }] = report.regions as [(typeof report.regions)[number]];
  return { avoid: sent!.avoid, avoided, looks, crop: sent!.crop };
}

const at = ({ data, width }: Mask, x: number, y: number) => data[y * width + x];
const beside = { left: 300, top: 100, width: 20, height: 60 };
/** Around most of the mask. */
const onOne = { left: 40, top: 20, width: 290, height: 120 };
const face = { left: 290, top: 40, width: 40, height: 50 };
/** People everywhere but close to the mask. */
const crowd = { people: { left: 0, top: 0, ...seen }, empty: { left: 70, top: 49, width: 200, height: 150 } };

describe('people around a mask', () => {
  it('are not copied, with a margin, beside what the keep mask says', async () => {
    const {
      avoid,
      avoided: told,
      looks,
      crop,
    } = await avoided({
      people: beside,
      keep: { left: 25, top: 35, width: 9, height: 9 },
    });
    expect({ looks, seen: [crop.width, crop.height] }).toEqual({
      looks: ['people'],
      seen: [seen.width, seen.height],
    });
    expect([at(avoid!, 310, 130), at(avoid!, 297, 130), at(avoid!, 294, 130), at(avoid!, 10, 12)]).toEqual([
      255, 255, 0, 255,
    ]);
    // 9 x 9 px of the keep mask; 20 x 60 px of people and 3 px around them.
    const pixels = seen.width * seen.height;
    expect(told!.keep! * pixels).toBeCloseTo(81, -1);
    expect(told!.people! * pixels).toBeGreaterThan(20 * 60);
    expect(told!.people! * pixels).toBeLessThan(28 * 68);
  });

  it('show no skin in the fill where the mask lies on one', async () => {
    const { avoid } = await avoided({ people: onOne, skin: face });
    expect([at(avoid!, 310, 60), at(avoid!, 310, 120), at(avoid!, 60, 60)]).toEqual([255, 0, 0]);
  });

  it.each([
    ['the mask lies on one', { people: onOne }],
    ['the mask lies on skin', { people: onOne, skin: onOne }],
    ['it lies on one, and what is like skin is thin', { people: onOne, skin: { ...face, width: 8 } }],
    ['too little else is left', crowd],
    ['something is inserted', { people: beside, request: { mode: 'insertion', prompt: 'a hat' } }],
    ['the engine copies nothing', { people: beside, avoids: false }],
    ['it sees a small picture', { people: beside, maxSidePx: 200 }],
  ] satisfies [string, Case][])('may be copied where %s', async (_, given) => {
    const { avoid, avoided: told } = await avoided(given);
    expect([avoid, told]).toEqual([undefined, undefined]);
  });

  it('leave the keep mask in force where they are too many', async () => {
    const keep = { left: 25, top: 35, width: 9, height: 9 };
    const { avoid } = await avoided({ ...crowd, keep });
    expect(boundingBox(avoid!)).toMatchObject({ width: 9, height: 9 });
  });
});
