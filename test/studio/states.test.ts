import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page, Request } from 'playwright-core';
import { expect, test } from 'vitest';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { maskClasses } from '../../lib/requests/mask-classes.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import {
  downloaded,
  type PickedFile,
  pickFiles,
  pngFile,
  run,
  savedMask,
} from '../support/studio-actions.ts';
import { useStudio } from '../support/studio-page.ts';

const size = { width: 320, height: 200 };
const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
const mask = Buffer.from(await maskPng(boxMask(size, { left: 120, top: 80, width: 60, height: 40 })));
const photoFile = pngFile('waves.png', photo);
const maskFile = pngFile('waves.mask.png', mask);

/** A model that costs, and finders that take classes, words and strokes. */
const { openPage } = useStudio({
  ENGINE: 'imagen',
  ALLOWED_MODELS: 'patchmatch,image-segmentation-001',
});

async function openPhoto(page: Page, ...files: PickedFile[]): Promise<void> {
  await pickFiles(page, [photoFile, ...files]);
  await page.getByText('waves.png, 320 x 200').waitFor();
}

const covers = (page: Page, percent: string) => page.getByText(`${percent} of the picture`).waitFor();
const greyOf = (bytes: Uint8Array) => sharp(bytes).toColourspace('b-w').raw().toBuffer();

/** Requests wait until they are released. */
const holdRequests = async (page: Page, pattern: RegExp) => {
  await page.route(pattern, () => undefined);
  return () => page.unroute(pattern);
};

/** Runs, and says yes to the costs. */
async function start(page: Page): Promise<void> {
  await page.locator('.runner > .row .primary').click();
  await page.locator('.question .primary').click();
}

test('a reload in any state loses nothing, and no run is sent twice', async () => {
  const page = await openPage();
  const reload = async () => {
    await page.reload();
    await page.getByText('waves.png, 320 x 200').waitFor();
    await covers(page, '3.8 %');
  };
  const orders: Request[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && /\/jobs$/.test(request.url())) orders.push(request);
  });
  await openPhoto(page, maskFile);
  await covers(page, '3.8 %');
  await page.locator('.more summary').click();
  await page.locator('#field-steps').fill('7');
  await page.waitForTimeout(500);
  await reload();
  expect(await page.locator('#field-steps').inputValue()).toBe('7');
  await page.locator('.more summary').click();
  await page.getByRole('button', { name: 'Reset to defaults' }).click();
  expect(await page.locator('#field-steps').inputValue()).toBe('');
  expect(await greyOf((await savedMask(page)).bytes)).toEqual(await greyOf(mask));

  // While it is sent: the same order is sent again.
  const releaseOrder = await holdRequests(page, /\/jobs$/);
  await start(page);
  await expect.poll(() => orders.length, { timeout: 60_000 }).toBe(1);
  await releaseOrder();
  const releaseNews = await holdRequests(page, /\/jobs\/[0-9a-f]{16}$/);
  await reload();
  await expect.poll(() => page.url(), { timeout: 60_000 }).toMatch(/#job=[0-9a-f]{16}$/);
  const keys = orders.map((order) => order.headers()['idempotency-key']);
  expect(keys).toEqual([keys[0], keys[0]]);

  // While it runs, and when its result is shown.
  await releaseNews();
  await reload();
  await page.getByText('pixels outside the mask differ').waitFor();
  await reload();
  await page.getByText('pixels outside the mask differ').waitFor();
  expect(orders).toHaveLength(2);

  // A run of another page is opened with its photo and mask.
  const other = await openPage();
  await other.goto(page.url());
  await other.reload();
  await other.getByText('pixels outside the mask differ').waitFor();
  await other.getByRole('button', { name: 'Back to mask' }).click();
  await covers(other, '3.8 %');
  await other.getByRole('button', { name: 'Help and keys' }).click();
  await other.getByRole('button', { name: 'Forget all' }).click();
  await other.getByRole('button', { name: 'Try the sample' }).waitFor();
});

test('what the service finds is added to the mask, and can be changed', async () => {
  const page = await openPage();
  await openPhoto(page);
  const isFound = async () => {
    await page.getByText(/^Found: \d/).waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
  };
  await page.getByRole('button', { name: 'By name' }).click();
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.getByRole('alert').getByText('Choose at least one name first.').waitFor();
  await page.getByLabel('What to find').fill('traffic');
  await page.getByRole('button', { name: 'traffic light' }).click();
  const ordered = page.waitForResponse(/\/jobs$/);
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await isFound();
  const { id } = (await (await ordered).json()) as { id: string };
  const manifest = await page.request.get(new URL(`jobs/${id}/manifest`, page.url()).href);
  const request = { only: 'mask', maskMode: 'semantic', maskClasses: [maskClasses.indexOf('traffic_light')] };
  expect(await manifest.json()).toMatchObject({ request });
  const found = await greyOf((await savedMask(page)).bytes);
  expect(found.some((value) => value > 0)).toBe(true);
  await page.keyboard.press('Control+z');
  await page.getByText('Paint over what shall change.').waitFor();
});

test('photos of one size share a mask; an earlier run is opened, and its result becomes a photo', async () => {
  const page = await openPage();
  const turned = await sharp(photo).flip().png().toBuffer();
  await openPhoto(page, maskFile, pngFile('flipped.png', turned));
  await covers(page, '3.8 %');
  await page.getByRole('button', { name: 'Mask for all' }).click();
  await page.getByText('1 other photo has this mask now.').waitFor();
  await page.getByRole('button', { name: 'flipped.png' }).click();
  await page.getByText('flipped.png, 320 x 200').waitFor();
  await covers(page, '3.8 %');
  await run(page);
  await page.getByRole('button', { name: 'Worst seam' }).click();
  await page.getByRole('button', { name: 'Back to mask' }).click();
  await page.locator('.runs .thumb').click();
  await page.getByRole('button', { name: 'Use as new picture' }).click();
  await expect.poll(() => page.locator('.album .thumb').count(), { timeout: 60_000 }).toBe(3);
  await page.getByText('Paint over what shall change.').waitFor();
});

test('files that no browser shows: TIFF by a preview, HEIC in words', async () => {
  const page = await openPage();
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  await pickFiles(page, [{ name: 'phone.heic', mimeType: 'image/heic', buffer: heic }]);
  await page.getByRole('alert').getByText('phone.heic in HEIC').waitFor();
  const tiff = await sharp(photo).withMetadata({ orientation: 6 }).tiff().toBuffer();
  await pickFiles(page, [{ name: 'scan.tif', mimeType: 'image/tiff', buffer: tiff }]);
  await page.getByText('scan.tif, 200 x 320').waitFor();
  await page.getByRole('application').click();
  await run(page);
  const { name, bytes } = await downloaded(page, () =>
    page.getByRole('button', { name: 'Download', exact: true }).click(),
  );
  expect([name, (await sharp(bytes).metadata()).format]).toEqual(['scan.edited.tif', 'tiff']);
});

test('an ended login and a lost network are told; what passes is tried again', async () => {
  const page = await openPage();
  await openPhoto(page, maskFile);
  await covers(page, '3.8 %');
  await page.route(/\/jobs$/, (route) => route.fulfill({ status: 401, body: 'Login' }));
  await start(page);
  await page.getByRole('button', { name: 'Load again' }).waitFor();
  await page.unroute(/\/jobs$/);
  await page.context().setOffline(true);
  await start(page);
  await page.getByRole('alert').getByText('This device is offline.').waitFor();
  await page.context().setOffline(false);
  const problem = { type: 'urn:x', code: 'BUSY', detail: 'Expected room, got none', retryAfterMs: 3000 };
  await page.route(/\/jobs$/, (route) => route.fulfill({ status: 503, json: problem }), { times: 1 });
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.question .primary').click();
  await page.getByRole('button', { name: /^Try again in \d s$/ }).waitFor();
  await page.getByRole('button', { name: 'Try again', exact: true }).click();
  await page.locator('.question .primary').click();
  await page.getByText('pixels outside the mask differ').waitFor();
});

/** Everything that is written or spoken on the page now. */
const wordsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { document } = globalThis as unknown as { document: { body: Part } };
    const words = new Set<string>();
    const visit = (part: Part) => {
      for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
        words.add(part.getAttribute(name) ?? '');
      for (const node of part.childNodes) if (node.nodeType === 3) words.add(node.textContent ?? '');
      // What the service says, and the names of what it finds, is English.
      for (const child of part.children) if (child.getAttribute('lang') !== 'en') visit(child);
    };
    visit(document.body);
    return [...words].map((text) => text.trim()).filter((text) => /\p{L}{3}/u.test(text));
  });

interface Part {
  getAttribute(name: string): string | null;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string | null }>;
  readonly children: Iterable<Part>;
}

test('in German nothing stays English', async () => {
  const seen = async (locale: string) => {
    const page = await openPage({ locale });
    const words = await wordsOf(page);
    await openPhoto(page, maskFile);
    await page.locator('.chip').nth(3).click();
    await page.locator('.runner > .row .primary').click();
    words.push(...(await wordsOf(page)));
    await page.locator('.question .primary').click();
    await page.locator('.results .primary').waitFor();
    words.push(...(await wordsOf(page)));
    expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
    return { page, words };
  };
  const english = await seen('en-GB');
  const german = await seen('de-AT');
  expect(german.words.length).toBeGreaterThan(100);
  const same = new Set(german.words.filter((text) => english.words.includes(text)));
  // Names of formats, files, engines and values that programs know.
  const names =
    /^(Studio|JPEG|png|jpeg|webp|same|touched|inside|auto|waves|imagen|patchmatch|gs:|include|ignore|[a-z]+_|Alt)/;
  expect([...same].filter((text) => !names.test(text))).toEqual([]);
  await german.page.getByRole('button', { name: 'Language: English' }).click();
  await german.page.getByRole('button', { name: 'Download', exact: true }).waitFor();
});

test('each state is usable with assistive technology, light and dark, wide and narrow', async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const found: string[] = [];
  const check = async (page: Page, state: string) => {
    await page.evaluate(axe);
    const ids = await page.evaluate(async () => {
      const { axe: loaded } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
      const { violations } = await loaded.run({ resultTypes: ['violations'] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    found.push(...ids.map((id) => `${state}: ${id}`));
  };
  const page = await openPage();
  const at = async (state: string) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    await check(page, `light, ${state}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await check(page, `dark, narrow, ${state}`);
    const width = await page.evaluate(() => {
      const { document } = globalThis as unknown as { document: { body: { scrollWidth: number } } };
      return document.body.scrollWidth;
    });
    expect([state, width]).toEqual([state, 390]);
  };
  await at('empty');
  await openPhoto(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'By name' }).click();
  await page.getByLabel('What to find').fill('car');
  await page.locator('.more summary').click();
  await at('error, options, names');
  await pickFiles(page, [photoFile, maskFile]);
  await covers(page, '3.8 %');
  for (const dialog of ['Help and keys', 'All runs']) {
    await page.getByRole('button', { name: dialog }).click();
    await page.getByRole('dialog').waitFor();
    await at(dialog);
    await page.keyboard.press('Escape');
  }
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.question .primary').waitFor();
  await at('question');
  const release = await holdRequests(page, /\/jobs\/[0-9a-f]{16}$/);
  await page.locator('.question .primary').click();
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  await at('running');
  await release();
  await page.reload();
  await page.getByRole('button', { name: 'Difference' }).click();
  await page.getByText('differences are shown').waitFor();
  await at('result, difference');
  expect(found).toEqual([]);
});

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
