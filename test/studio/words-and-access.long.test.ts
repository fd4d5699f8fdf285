import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { pickFiles } from '../support/studio-actions.ts';
import { useStudio } from '../support/studio-page.ts';
import { covers, holdRequests, maskFile, openPhoto, paid, photoFile } from '../support/studio-waves.ts';

const { openPage } = await useStudio(paid);

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
  const names = /^(Studio|JPEG|PNG|WebP|Hindi|mild|waves|imagen|patchmatch|gs:|Alt)/;
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
  await page.getByRole('button', { name: 'Grow or shrink' }).click();
  await page.getByRole('button', { name: 'Shrink', exact: true }).waitFor();
  await at('grow or shrink');
  await page.keyboard.press('Escape');
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
  release();
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
