import type { BrowserContextOptions, Page, Request, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { maskClasses } from '../../lib/requests/mask-classes.ts';
import { downloaded, pickFiles, pngFile, run, savedMask } from '../support/studio-actions.ts';
import { useStudio } from '../support/studio-page.ts';
import { covers, holdRequests, mask, maskFile, openPhoto, paid, photo } from '../support/studio-waves.ts';

const { openPage, system } = await useStudio(paid);

/** With the engine that costs nothing, and takes the least time. */
function openFree(options: BrowserContextOptions = {}): Promise<Page> {
  const { origin } = new URL(system.url);
  const form = { name: 'form', value: JSON.stringify({ engine: 'patchmatch' }) };
  return openPage({ ...options, storageState: { cookies: [], origins: [{ origin, localStorage: [form] }] } });
}

const greyOf = (bytes: Uint8Array) => sharp(bytes).toColourspace('b-w').raw().toBuffer();

const start = (page: Page) => page.locator('.runner > .row .primary').click();

test('a reload in any state loses nothing, and no run is sent twice', async () => {
  const page = await openFree();
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
  await page.locator('#field-seed').fill('7');
  await page.waitForTimeout(300);
  await reload();
  expect(await page.locator('#field-seed').inputValue()).toBe('7');
  await page.locator('.more summary').click();
  await page.getByRole('button', { name: 'Reset to defaults' }).click();
  expect(await page.locator('#field-seed').inputValue()).toBe('');
  expect(await greyOf((await savedMask(page)).bytes)).toEqual(await greyOf(mask));

  // While it is sent: the same order is sent again.
  const releaseOrder = await holdRequests(page, /\/jobs$/);
  await start(page);
  await expect.poll(() => orders.length, { timeout: 60_000 }).toBe(1);
  const releaseNews = await holdRequests(page, /\/jobs\/[0-9a-f]{16}$/);
  await reload();
  releaseOrder();
  await expect.poll(() => page.url(), { timeout: 60_000 }).toMatch(/#job=[0-9a-f]{16}$/);
  const keys = orders.map((order) => order.headers()['idempotency-key']);
  expect(keys).toEqual([keys[0], keys[0]]);

  // While it runs, and another one waits behind it; also where the address no longer names it.
  await start(page);
  await page.getByText('1 run waits.').waitFor();
  await page.evaluate("location.hash = ''");
  await reload();
  await page.getByText('1 run waits.').waitFor();
  expect(orders).toHaveLength(2);

  // When its result is shown: that of the other one does not take its place.
  releaseNews();
  await page.getByText('pixels outside the mask differ').waitFor();
  await page.getByText('The result of waves.png is ready').waitFor();
  await reload();
  await page.getByText('pixels outside the mask differ').waitFor();
  expect(orders).toHaveLength(3);

  // A run of another page is opened with its photo and mask.
  const other = await openFree();
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
  await page.getByLabel('What to find').fill('trash');
  await page.getByRole('button', { name: 'trash can' }).click();
  const ordered = page.waitForResponse(/\/jobs$/);
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await isFound();
  const { id } = (await (await ordered).json()) as { id: string };
  const manifest = await page.request.get(new URL(`jobs/${id}/manifest`, page.url()).href);
  const request = { only: 'mask', maskMode: 'semantic', maskClasses: [maskClasses.indexOf('trash_can')] };
  expect(await manifest.json()).toMatchObject({ request });
  const found = await greyOf((await savedMask(page)).bytes);
  expect(found.some((value) => value > 0)).toBe(true);
  await page.keyboard.press('Control+z');
  await page.getByText('Paint over what shall change.').waitFor();
});

test('photos of one size share a mask; an earlier run is opened, and its result becomes a photo', async () => {
  const page = await openFree();
  const turned = await sharp(photo).flip().png().toBuffer();
  await openPhoto(page, maskFile, pngFile('flipped.png', turned));
  await covers(page, '3.8 %');
  await page.getByRole('button', { name: 'Mask for all' }).click();
  await page.getByText('1 other photo has this mask now.').waitFor();
  await page.getByRole('button', { name: 'flipped.png' }).click();
  await page.getByText('flipped.png, 320 x 200').waitFor();
  await covers(page, '3.8 %');
  await page.getByLabel('Results').fill('2');
  await run(page);
  await page.getByRole('button', { name: 'Worst seam' }).click();
  await page.keyboard.press('Alt+2');
  await page.getByRole('tab', { name: 'Result 2', selected: true }).waitFor();
  await page.keyboard.press('Escape');
  await covers(page, '3.8 %');

  // While another one is on its way.
  const release = await holdRequests(page, /\/jobs$/);
  await start(page);
  await page.locator('.runs .thumb').click();
  await page.getByRole('tab', { name: 'Result 2' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  release();
  await page.getByText('The result of flipped.png is ready').waitFor();
  await page.getByRole('button', { name: 'Edit this result' }).click();
  await expect.poll(() => page.locator('.album .thumb').count(), { timeout: 60_000 }).toBe(3);
  await page.getByText('Paint over what shall change.').waitFor();
});

/** The header of a square TIFF, and nothing behind it. */
function tiffHeader(sidePx: number): Buffer {
  const [entriesAt, entryBytes, long] = [10, 12, 4];
  const bytes = Buffer.alloc(entriesAt + 2 * entryBytes + 4);
  bytes.write('II*\0\b\0\0\0\x02\0', 'latin1');
  for (const [index, tag] of [256, 257].entries()) {
    const at = entriesAt + index * entryBytes;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(long, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeUInt32LE(sidePx, at + 8);
  }
  return bytes;
}

test('files that no browser shows: TIFF by a preview, HEIC in words', async () => {
  const page = await openFree();
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  await pickFiles(page, [{ name: 'phone.heic', mimeType: 'image/heic', buffer: heic }]);
  await page.getByRole('alert').getByText('phone.heic in HEIC').waitFor();
  // What has too many pixels is not even sent.
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.url()));
  await pickFiles(page, [{ name: 'huge.tif', mimeType: 'image/tiff', buffer: tiffHeader(100_000) }]);
  await page.getByRole('alert').getByText('got 10,000.0 megapixels').waitFor();
  expect(sent.filter((url) => url.includes('/uploads'))).toEqual([]);
  const tiff = await sharp(photo).withMetadata({ orientation: 6 }).tiff().toBuffer();
  // What is too large for the studio is made small by a job.
  const problem = { type: 'urn:x', code: 'PREVIEW_TOO_LARGE', detail: 'Expected less, got more' };
  await page.route(/\/uploads\/.*\/preview/, (route) => route.fulfill({ status: 413, json: problem }));
  await pickFiles(page, [{ name: 'scan.tif', mimeType: 'image/tiff', buffer: tiff }]);
  await page.getByText('scan.tif, 200 x 320').waitFor();
  await page.getByRole('application').click();
  // Its result needs a preview too, and so does the strip of runs.
  await run(page);
  await expect.poll(() => page.locator('.compare').isVisible()).toBe(true);
  const { name, bytes } = await downloaded(page, () =>
    page.getByRole('button', { name: 'Download', exact: true }).click(),
  );
  expect([name, (await sharp(bytes).metadata()).format]).toEqual(['scan.edited.tif', 'tiff']);
});

test('an ended login and a lost network are told; what passes is tried again', async () => {
  const page = await openFree({ permissions: ['clipboard-read', 'clipboard-write'] });
  await openPhoto(page, maskFile);
  await covers(page, '3.8 %');
  await page.route(/\/jobs$/, (route) => route.fulfill({ status: 401, body: 'Login' }));
  await start(page);
  await page.getByRole('button', { name: 'Load again' }).waitFor();
  await page.unroute(/\/jobs$/);
  await page.context().setOffline(true);
  await start(page);
  await page.getByRole('alert').getByText('This device is offline.').waitFor();
  await page.getByText('You are offline.').waitFor();
  const problem = { type: 'urn:x', code: 'BUSY', detail: 'Expected room', trace: '4bf9', retryAfterMs: 2000 };
  await page.route(/\/jobs$/, (route) => route.fulfill({ status: 503, json: problem }), { times: 1 });
  // It may have arrived: it is sent again as the same run, by itself, and not asked about again.
  await page.getByText('1 run waits.').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: /^Try again in \d s$/ }).waitFor();
  await page.locator('.trace button').click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('4bf9');
  // A login that ends on the way: the run goes on, and is found again.
  const login = (route: Route) => route.fulfill({ status: 401, body: 'Login' });
  await page.route(/\/jobs\/[0-9a-f]{16}$/, login, { times: 1 });
  await page.getByRole('button', { name: 'Try again', exact: true }).click();
  await page.getByRole('button', { name: 'Load again' }).click();
  await page.getByText('pixels outside the mask differ').waitFor();
});
