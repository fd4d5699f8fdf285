import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { boxMask, maskPng } from '../support/pictures.ts';
import { downloaded, pickFiles, pngFile, run, savedMask } from '../support/studio-actions.ts';
import { useStudio } from '../support/studio-page.ts';
import { box, covers, mask, maskFile, openPhoto, photo, size } from '../support/studio-waves.ts';

const { root, openPage } = await useStudio();

const greyOf = (bytes: Uint8Array) => sharp(bytes).toColourspace('b-w').raw().toBuffer();

/** A small picture is shown in its own size, in the middle. */
async function placeOf(page: Page) {
  const canvas = await page.getByRole('application').boundingBox();
  const { x = 0, y = 0, width = 0, height = 0 } = canvas ?? {};
  return (px: number, py: number) =>
    [x + (width - size.width) / 2 + px, y + (height - size.height) / 2 + py] as const;
}

type Place = readonly [x: number, y: number];

async function drag(page: Page, from: Place, to: Place): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 4 });
  await page.mouse.up();
}

test('paints with the mouse, runs, and gives back the bytes of the output: equal outside the mask', async () => {
  const page = await openPage();
  await openPhoto(page);
  const at = await placeOf(page);
  // Most of the picture may change: nobody guesses that the mask is inverted.
  await page.keyboard.press('r');
  await drag(page, at(-1, -1), at(200, 201));
  await covers(page, '62.5 %');
  await page.keyboard.press('b');
  await drag(page, at(190, 90), at(240, 110));
  await page.getByText('62.5 % of the picture').waitFor({ state: 'hidden' });
  const { bytes: painted } = await savedMask(page);
  await run(page);

  const { name, bytes } = await downloaded(page, () =>
    page.getByRole('button', { name: 'Download', exact: true }).click(),
  );
  expect(name).toBe('waves.edited.png');
  const uri = await page.getByLabel('Address in the bucket').inputValue();
  expect(bytes.equals(readFileSync(join(root, uri.slice('gs://'.length))))).toBe(true);
  const isMasked = await greyOf(painted);
  const [before, after] = await Promise.all([photo, bytes].map((each) => sharp(each).raw().toBuffer()));
  const changed = { outside: 0, inside: 0 };
  for (const [at, value] of before!.entries()) {
    if (value !== after![at]) changed[isMasked[Math.floor(at / 3)] === 0 ? 'outside' : 'inside']++;
  }
  expect(changed.outside).toBe(0);
  expect(changed.inside).toBeGreaterThan(100);
  const outside = isMasked.filter((value) => value === 0).length.toLocaleString('en');
  await page.getByText(`0 of ${outside} pixels outside the mask differ.`).waitFor();
});

test('a mask that comes with its photo is saved as it came', async () => {
  const page = await openPage();
  await openPhoto(page, maskFile);
  await covers(page, '3.8 %');
  const { name, bytes } = await savedMask(page);
  expect(name).toBe('waves.mask.png');
  expect(await greyOf(bytes)).toEqual(await greyOf(mask));
});

/** EXIF orientation -> the upright pixel that is stored at (x, y); the upright picture is w x h. */
const uprightAt: readonly ((x: number, y: number, w: number, h: number) => readonly [number, number])[] = [
  (x, y) => [x, y],
  (x, y, w) => [w - 1 - x, y],
  (x, y, w, h) => [w - 1 - x, h - 1 - y],
  (x, y, _, h) => [x, h - 1 - y],
  (x, y) => [y, x],
  (x, y, w) => [w - 1 - y, x],
  (x, y, w, h) => [w - 1 - y, h - 1 - x],
  (x, y, _, h) => [y, h - 1 - x],
];

test('photos of every orientation are shown upright', async () => {
  const page = await openPage();
  const [w, h] = [64, 32];
  const stored = uprightAt.map(async (upright, at) => {
    const [width, height] = at < 4 ? [w, h] : [h, w];
    const levels = Array.from({ length: w * h }, (_, pixel) => {
      const [x, y] = upright(pixel % width, Math.floor(pixel / width), w, h);
      return 40 + 60 * ((x < w / 2 ? 0 : 1) + (y < h / 2 ? 0 : 2));
    });
    const raw = sharp(Uint8Array.from(levels), { raw: { width, height, channels: 1 } });
    const buffer = await raw
      .withMetadata({ orientation: at + 1 })
      .jpeg({ quality: 100 })
      .toBuffer();
    return { name: `orientation-${at + 1}.jpg`, mimeType: 'image/jpeg', buffer };
  });
  for (const turned of await Promise.all(stored)) {
    await pickFiles(page, [turned]);
    await page.getByText(`${turned.name}, 64 x 32`).waitFor();
    const seen = () => quarterLevels(page);
    await expect.poll(seen, { message: turned.name, timeout: 20_000 }).toEqual([0, 1, 2, 3]);
  }
});

/** Which of the levels 40, 100, 160 and 220 is seen around the middle of the stage. */
async function quarterLevels(page: Page): Promise<number[]> {
  const shot = sharp(await page.getByRole('application').screenshot());
  const { data, info } = await shot.raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) =>
    data[((Math.round(info.height / 2) + y) * info.width + Math.round(info.width / 2) + x) * info.channels]!;
  return [at(-16, -8), at(16, -8), at(-16, 8), at(16, 8)].map((level) => Math.round((level - 40) / 60));
}

test('undo, redo, invert and a box by mouse are exact', async () => {
  const page = await openPage();
  await openPhoto(page);
  const at = await placeOf(page);
  await page.keyboard.press('r');
  await drag(page, at(box.left, box.top), at(box.left + box.width, box.top + box.height));
  await page.keyboard.press('i');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+y');
  expect(await greyOf((await savedMask(page)).bytes)).toEqual(await greyOf(mask));
  await page.getByRole('button', { name: 'Grow or shrink' }).click();
  const grow = page.getByRole('button', { name: 'Grow', exact: true });
  await grow.click();
  await covers(page, '6.5 %');
  await page.keyboard.press('Escape');
  await grow.waitFor({ state: 'hidden' });
});

test('a click hits the pixel under the pointer after any zooms', async () => {
  const page = await openPage({ deviceScaleFactor: 2 });
  await openPhoto(page);
  const at = await placeOf(page);
  await page.mouse.move(...at(200.5, 60.5));
  for (const delta of [-300, -500, 240, -360]) await page.mouse.wheel(0, delta);
  for (let press = 0; press < 8; press++) await page.keyboard.press('{');
  await page.mouse.down();
  await page.mouse.up();
  const grey = await greyOf((await savedMask(page)).bytes);
  const painted = [...grey.entries()].filter(([, value]) => value > 0).map(([at]) => at);
  expect(painted).toEqual([60 * size.width + 200]);
});

test('one finger paints, two fingers zoom and leave no dot', async () => {
  const page = await openPage({ hasTouch: true });
  await openPhoto(page);
  const at = await placeOf(page);
  const devtools = await page.context().newCDPSession(page);
  const touch = async (
    type: 'touchStart' | 'touchMove' | 'touchEnd',
    ...points: readonly [number, number][]
  ) => {
    const touchPoints = points.map(([px, py], id) => {
      const [x, y] = at(px, py);
      return { x, y, id };
    });
    await devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  await touch('touchStart', [100, 100]);
  await touch('touchStart', [100, 100], [200, 100]);
  await touch('touchMove', [60, 100], [240, 100]);
  await touch('touchEnd');
  await page.getByRole('button', { name: '180 %' }).waitFor();
  await page.getByText('Paint over what shall change.').waitFor();
  await touch('touchStart', [100, 100]);
  await touch('touchMove', [130, 100]);
  await touch('touchEnd');
  await page.getByText('% of the picture').waitFor();
});

test('everything is done without a pointer', async () => {
  const page = await openPage();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focusOn = async (name: string) => {
    for (let tab = 0; tab < 60; tab++) {
      await press('Tab');
      const focused = await page.evaluate(() => {
        const element = (globalThis as unknown as { document: { activeElement: FocusedElement } }).document
          .activeElement;
        return element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
      });
      if (focused === name) return;
    }
    throw new Error(`Expected Tab to reach ${name}, it did not`);
  };
  await focusOn('Try the sample');
  await press('Enter');
  await page.getByText('antelope.jpg').waitFor();
  await focusOn('Picture and mask');
  for (let step = 0; step < 6; step++) await press('Shift+ArrowRight');
  await page.keyboard.down('Space');
  await press('Shift+ArrowDown', 'Shift+ArrowDown', 'ArrowLeft');
  await page.keyboard.up('Space');
  await page.getByText('% of the picture').waitFor();
  await press('Control+Enter');
  const proof = page.getByText('pixels outside the mask differ;');
  await proof.waitFor();
  const [counted] = /^[\d,]+/.exec((await proof.textContent()) ?? '') ?? [];
  await focusOn('Difference');
  await press('Enter');
  await page.getByText(`${counted} pixels outside the mask differ, seen here`).waitFor();
  await focusOn('Download');
  const { name, bytes } = await downloaded(page, () => press('Enter'));
  await press('Escape');
  await page.getByText('% of the picture').waitFor();
  expect(name).toBe('antelope.edited.jpg');
  expect(await sharp(bytes).metadata()).toMatchObject({ width: 512, height: 340, format: 'jpeg' });
});

interface FocusedElement {
  getAttribute(name: string): string | null;
  readonly textContent: string | null;
  readonly labels?: readonly { readonly textContent: string | null }[];
}

test('an error is said next to its cause, and has the focus', async () => {
  const page = await openPage();
  await openPhoto(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('alert').getByText('Paint over what shall change first.').waitFor();
  const focusedName = () => page.locator(':focus').getAttribute('aria-label');
  expect(await focusedName()).toBe('Brush');

  const other = Buffer.from(
    await maskPng(boxMask({ width: 30, height: 20 }, { left: 1, top: 1, width: 24, height: 19 })),
  );
  await page
    .getByRole('toolbar')
    .locator('input[type=file]')
    .setInputFiles([pngFile('m.png', other)]);
  await page.getByText('Expected a mask of 320 x 200 pixels as the photo has, got 30 x 20.').waitFor();
  await page.getByRole('button', { name: 'Scale it to the photo' }).click();
  // Most of it is white: it is offered to invert it.
  await covers(page, '76.0 %');
  await page.locator('.note').getByRole('button', { name: 'Invert' }).click();
  await covers(page, '24.0 %');

  await page.keyboard.press('i');
  await page.getByLabel('Soft edge, px').fill('9999');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('#field-featherPx[aria-invalid=true]:focus').waitFor();
});

test('a paid run is asked about and can be cancelled; the mask stays', async () => {
  const page = await openPage();
  const plan = { regions: [{}], warnings: [], costEstimateUsd: { min: 0.08, max: 0.08 } };
  await page.route('**/plan', (route) => route.fulfill({ json: plan }));
  // The page hears nothing of the job until it is cancelled.
  await page.route('**/jobs/*', () => undefined);
  const orders: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/jobs')) orders.push(request.method());
  });
  await openPhoto(page, maskFile);
  await page.getByText('3.8 % of the picture, 1 area, up to $0.08').waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const confirm = page.getByRole('button', { name: 'Run for $0.08' });
  await confirm.waitFor();
  expect(orders).toEqual([]);
  const started = page.waitForResponse(/\/jobs$/);
  await confirm.click();
  const { id } = (await (await started).json()) as { id: string };
  // Four more may wait.
  for (const waiting of ['1 run waits.', '2 runs wait.', '3 runs wait.', '4 runs wait.']) {
    await page.keyboard.press('Control+Enter');
    await confirm.click();
    await page.getByText(waiting).waitFor();
  }
  expect(await page.getByRole('button', { name: 'Run next' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Drop' }).click();
  const cancelled = page.waitForResponse(`**/jobs/${id}/cancel`);
  await page.getByRole('button', { name: 'Cancel' }).click();
  // 409: the job was quicker.
  expect([202, 409]).toContain((await cancelled).status());
  await page.getByText('The run was cancelled.').waitFor();
  await covers(page, '3.8 %');
  expect(orders).toEqual(['POST']);
});
