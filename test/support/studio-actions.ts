import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** What people do on the page of the studio. */

export interface PickedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const pngFile = (name: string, buffer: Buffer): PickedFile => ({
  name,
  mimeType: 'image/png',
  buffer,
});

export const pickFiles = (page: Page, files: readonly PickedFile[]): Promise<void> =>
  page.locator('body > input[type=file]').setInputFiles([...files]);

/** What the page saves when something is pressed. */
export async function downloaded(
  page: Page,
  press: () => Promise<void>,
): Promise<{ name: string; bytes: Buffer }> {
  const waiting = page.waitForEvent('download');
  await press();
  const download = await waiting;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

export const savedMask = (page: Page) =>
  downloaded(page, () => page.getByRole('button', { name: 'Save mask' }).click());

/** Runs, says yes to the costs where it is asked, and waits for the result. */
export async function run(page: Page): Promise<void> {
  await page.locator('.runner > .row .primary').click();
  await page.locator('.question .primary, .results .primary').first().waitFor();
  const question = page.locator('.question .primary');
  if (await question.isVisible()) await question.click();
  await page.locator('.results .primary').waitFor();
}
