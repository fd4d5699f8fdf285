import { describe, expect, it } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine } from '../../../lib/engines/engine.ts';
import { boundingBox } from '../../../lib/pixels/box.ts';
import type { Box } from '../../../lib/pixels/raster.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };
const size = { width: 300, height: 200 };
/** The engine sees 36 to 264 across, and 6 to 194 down. */
const hole = { left: 100, top: 70, width: 100, height: 60 };

async function edited(keep: Uint8Array, changes: Partial<InpaintEngine> = { avoids: true }) {
  const { engine, requests } = paintEngine(greyPaint, changes);
  const { report } = await editor({ engine, limits, defaults })(
    {
      image: await pipelineOf(wavePicture(size)).png().toBuffer(),
      mask: await maskPng(boxMask(size, hole)),
      keep,
      request: parseRequest({}),
    },
    new AbortController().signal,
  );
  const warnings = report.warnings.filter((warning) => warning.includes('keep mask'));
  return { avoid: requests[0]!.avoid, warnings };
}

const keepOf = (box: Box) => maskPng(boxMask(size, box));
const beside = { left: 210, top: 80, width: 20, height: 30 };

describe('a keep mask', () => {
  it('goes to an engine that copies, as it lies in what that sees', async () => {
    const { avoid, warnings } = await edited(await keepOf(beside));
    expect(boundingBox(avoid!)).toEqual({ ...beside, left: beside.left - 36, top: beside.top - 6 });
    expect(warnings).toEqual([]);
  });

  it('is left out, with a word, where the engine copies nothing', async () => {
    const { avoid, warnings } = await edited(await keepOf(beside), {});
    expect(avoid).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['all black', () => maskPng(boxMask(size, beside, 0))],
    ['white only where the engine does not look', () => keepOf({ left: 270, top: 0, width: 30, height: 5 })],
    ['an empty file', async () => new Uint8Array()],
  ])('that is %s avoids nothing', async (_, keep) => {
    const { avoid, warnings } = await edited(await keep());
    expect({ avoid, warnings }).toEqual({ avoid: undefined, warnings: [] });
  });

  it.each([
    ['all white', () => keepOf({ left: 0, top: 0, ...size }), 'KEEP_FULL'],
    ['no picture', async () => new Uint8Array(9), 'MASK_UNREADABLE'],
    ['of another shape', () => maskPng(boxMask({ width: 90, height: 90 }, beside)), 'MASK_SIZE_MISMATCH'],
  ])('that is %s is refused', async (_, keep, code) => {
    await expect(edited(await keep())).rejects.toMatchObject({
      code,
      message: expect.stringContaining('keep mask'),
    });
  });
});
