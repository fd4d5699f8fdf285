import type { Page } from 'playwright-core';
import { boxMask, maskPng, pipelineOf, wavePicture } from './pictures.ts';
import { type PickedFile, pickFiles, pngFile } from './studio-actions.ts';

/** Waves of 320 x 200, and a mask of a box in them. */
export const size = { width: 320, height: 200 };
export const box = { left: 120, top: 80, width: 60, height: 40 };
export const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
export const mask = Buffer.from(await maskPng(boxMask(size, box)));
export const photoFile = pngFile('waves.png', photo);
export const maskFile = pngFile('waves.mask.png', mask);

/** A model that costs, and finders that take classes, words and strokes. */
export const paid = { ENGINE: 'imagen', ALLOWED_MODELS: 'patchmatch,image-segmentation-001' };

export async function openPhoto(page: Page, ...files: PickedFile[]): Promise<void> {
  await pickFiles(page, [photoFile, ...files]);
  await page.getByText('waves.png, 320 x 200').waitFor();
}

export const covers = (page: Page, percent: string) => page.getByText(`${percent} of the picture`).waitFor();

/** Requests wait until they are released; later ones pass. */
export async function holdRequests(page: Page, pattern: RegExp): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(pattern, async (route) => {
    await released;
    // A reload has given up those that were held.
    await route.continue().catch(() => undefined);
  });
  return release;
}
