import { expect, it } from 'vitest';
import type { AutomaticMask } from '../../../../lib/engines/engine.ts';
import { peopleFinder } from '../../../../lib/finders/people/people.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { figurePicture } from '../../../support/figure.ts';

const figure = figurePicture(256, 192);
/** Next to nothing can be told from the wall. */
const faint = { ...figure, data: Uint8Array.from(figure.data, (v) => Math.round(128 + (v - 128) * 0.1)) };

const find = (picture: Raster, mode: AutomaticMask['mode'], signal = AbortSignal.timeout(20_000)) =>
  peopleFinder().find({ picture, wanted: { mode, classes: undefined }, labels: undefined }, signal);

it('tells how sure it is, and warns where it is not', async () => {
  const sure = await find(figure, 'people');
  expect(sure.masks[0]?.labels[0]?.score).toBeGreaterThan(0.9);
  expect(sure.warnings).toEqual([]);
  const unsure = await find(faint, 'people');
  expect(unsure.masks[0]?.labels[0]?.score).toBeLessThan(0.8);
  expect(unsure.warnings).toEqual([expect.stringContaining('not sure')]);
});

it('takes people for the foreground and the rest for the background, and says so', async () => {
  const [people, background] = [await find(figure, 'foreground'), await find(figure, 'background')];
  const data = people.masks[0]?.mask.data ?? new Uint8Array();
  expect(background.masks[0]?.mask.data).toEqual(data.map((level) => 255 - level));
  expect(background.warnings).toEqual([expect.stringContaining('AUTO_MASK_PEOPLE_ONLY')]);
});

it('does not begin once it is aborted', async () => {
  await expect(find(figure, 'people', AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  const stop = new AbortController();
  const finding = find(figure, 'people', stop.signal);
  stop.abort();
  await expect(finding).rejects.toMatchObject({ code: 'CANCELLED' });
});
