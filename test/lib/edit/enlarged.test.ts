import { expect, it } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { Enlarging } from '../../../lib/engines/engine.ts';
import { rescale } from '../../../lib/pixels/resample.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };
const size = { width: 400, height: 300 };
const picture = wavePicture(size);

/** Edits with an engine that sees at most so many pixels, and enlarges its answers. */
async function edited(maxSidePx: number) {
  const asked: Enlarging[] = [];
  const { engine, requests } = paintEngine(greyPaint, {
    frames: { kind: 'free', maxSidePx },
    async enlarge(enlarging) {
      asked.push(enlarging);
      return rescale(enlarging.answer, enlarging.whole);
    },
  });
  const { report } = await editor({ engine, limits, defaults })(
    {
      image: await pipelineOf(picture).png().toBuffer(),
      mask: await maskPng(boxMask(size, { left: 150, top: 100, width: 80, height: 70 })),
      request: parseRequest({ detail: 'tiles' }),
    },
    new AbortController().signal,
  );
  return { asked, requests, region: report.regions[0]! };
}

it('an answer that is smaller than the picture is enlarged by an engine that can, without tiles', async () => {
  const { asked, requests, region } = await edited(104);
  expect(requests.map(({ key }) => key)).toEqual(['r0']);
  expect(asked.map(({ answer, whole }) => [answer.width, whole.width])).toEqual([[104, 208]]);
  expect(region).toMatchObject({ scale: 2, effectiveResolution: 1 });
});

it('an answer of the size of the picture is not', async () => {
  const { asked } = await edited(1024);
  expect(asked).toEqual([]);
});
