/**
 * The page of the studio in a browser without a window: how long a brush move keeps it busy at 24 megapixels,
 * how evenly it draws, and how long it takes to open, save and run. Also writes `docs/images/studio.webp`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import '../../deploy/build-page.js';
import { startLocalSystem } from '../../deploy/local/system.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { startBrowser } from '../support/browser.ts';
import { silentLog } from '../support/job-world.ts';
import { scenery } from '../support/scenery.ts';
import { pickFiles, run, savedMask } from '../support/studio-actions.ts';
import { markdownTable } from './markdown.ts';

const large = { width: 6000, height: 4000 };
const view = { width: 1440, height: 900 };
const strokes = 12;
const movesAStroke = 60;
const picturePath = new URL('../../docs/images/studio.webp', import.meta.url);
const antelopeMask = new URL('../../deploy/local/demo/antelope.mask.png', import.meta.url).pathname;

/** What runs in the page sees the browser's own names. */
interface PageScope {
  readonly document: EventTarget;
  readonly performance: { now(): number };
  addEventListener(type: string, listener: () => void): void;
  requestAnimationFrame(callback: (time: number) => void): void;
  measured?: { readonly moves: number[]; readonly frames: number[] };
}

/** From here on each move of the pointer is timed from before its first listener to behind its last one. */
const measure = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const scope = globalThis as unknown as PageScope;
    const measured = { moves: [] as number[], frames: [] as number[] };
    scope.measured = measured;
    let began = 0;
    scope.document.addEventListener(
      'pointermove',
      () => {
        began = scope.performance.now();
      },
      { capture: true },
    );
    scope.addEventListener('pointermove', () => measured.moves.push(scope.performance.now() - began));
    let last = 0;
    const frame = (time: number) => {
      if (last > 0) measured.frames.push(time - last);
      last = time;
      scope.requestAnimationFrame(frame);
    };
    scope.requestAnimationFrame(frame);
  });

async function paint(page: Page): Promise<void> {
  const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
  for (let stroke = 0; stroke < strokes; stroke++) {
    await page.mouse.move(x + width * 0.2, y + height * (0.2 + (0.6 * stroke) / strokes));
    await page.mouse.down();
    for (let move = 1; move <= movesAStroke; move++) {
      const across = 0.2 + (0.6 * move) / movesAStroke;
      await page.mouse.move(
        x + width * across,
        y + height * (0.2 + (0.6 * stroke) / strokes) + 20 * Math.sin(move),
      );
    }
    await page.mouse.up();
  }
}

/** Everything is drawn again at each step. */
async function zoomFrames(page: Page): Promise<readonly number[]> {
  await measure(page);
  for (let step = 0; step < 40; step++) await page.mouse.wheel(0, step % 2 === 0 ? -200 : 190);
  const { frames } = await page.evaluate(() => (globalThis as unknown as PageScope).measured!);
  return frames;
}

function percentiles(values: readonly number[]): string[] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [at(0.5), at(0.95), at(0.99), at(1)].map((value) => value.toFixed(1));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function measureLarge(page: Page): Promise<void> {
  const scene = scenery({ width: large.width / 4, height: large.height / 4 });
  const raw = { width: scene.width, height: scene.height, channels: 3 as const };
  const buffer = await sharp(scene.data, { raw })
    .resize(large.width, large.height)
    .jpeg({ quality: 92 })
    .toBuffer();
  const openMs = await timed(async () => {
    await pickFiles(page, [{ name: 'large.jpg', mimeType: 'image/jpeg', buffer }]);
    await page.getByText('large.jpg, 6000 x 4000').waitFor();
  });
  const rows: string[][] = [];
  for (const brush of ['200 px', '1000 px']) {
    if (brush === '1000 px') for (let press = 0; press < 4; press++) await page.keyboard.press('}');
    await measure(page);
    await paint(page);
    const { moves, frames } = await page.evaluate(() => (globalThis as unknown as PageScope).measured!);
    rows.push([`brush of ${brush}, script of a move`, ...percentiles(moves)]);
    rows.push([`brush of ${brush}, from frame to frame`, ...percentiles(frames)]);
    if (brush === '1000 px')
      rows.push(['zoom over the mask, from frame to frame', ...percentiles(await zoomFrames(page))]);
    await page.keyboard.press('Delete');
  }
  await page.keyboard.press('i');
  const saveMs = await timed(() => savedMask(page));
  console.log(markdownTable(['24 megapixels, ms', 'p50', 'p95', 'p99', 'most'], rows));
  console.log(
    `\nFrom the choice of the file to the picture: ${openMs.toFixed(0)} ms; to save the mask: ${saveMs.toFixed(0)} ms.`,
  );
}

/** The sample with its antelope taken out, half before and half after. */
async function writePicture(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.getByText('antelope.jpg').waitFor();
  await page.getByRole('toolbar').locator('input[type=file]').setInputFiles(antelopeMask);
  await page.getByText('% of the picture').waitFor();
  await run(page);
  const shot = await page.screenshot();
  await writeFile(picturePath, await sharp(shot).webp({ quality: 82 }).toBuffer());
}

const root = await mkdtemp(join(tmpdir(), 'studio-bench-'));
const system = await startLocalSystem({ root, port: 0, storagePort: 0, log: silentLog });
const browser = await startBrowser();
try {
  for (const work of [measureLarge, writePicture]) {
    const page = await (await browser.newContext({ viewport: view })).newPage();
    await page.goto(`${system.url}/studio/`);
    await page.locator('.invitation button').first().waitFor();
    await work(page);
  }
} finally {
  await browser.close();
  await system.close();
  await rm(root, { recursive: true });
}
