import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, expect, vi } from 'vitest';
import type { LocalSystem } from '../../deploy/local/system.ts';
import { startBrowser } from './browser.ts';
import { useLocalSystem } from './use.ts';

/** A local system, and a browser that opens its page; both end with the tests of the file. */
interface StudioWorld {
  readonly root: string;
  readonly system: LocalSystem;
  /** A page that shows its invitation. */
  readonly openPage: (options?: BrowserContextOptions) => Promise<Page>;
}

export async function useStudio(environment: Readonly<Record<string, string>> = {}): Promise<StudioWorld> {
  /** Browser and engine start slowly on a busy machine. */
  vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
  const { root, system } = await useLocalSystem({ environment });
  const browser = await startBrowser();
  afterAll(() => browser.close());
  /** What must not happen on any page: scripts that fail, refusals of the policy, requests to elsewhere. */
  const faults: string[] = [];
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(faults.splice(0)).toEqual([]);
  });
  const openPage = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    listenForFaults(page, `${system.url}/studio/`, faults);
    await page.goto(`${system.url}/studio/`);
    await page.locator('.invitation button').first().waitFor();
    return page;
  };
  return { root, system, openPage };
}

function listenForFaults(page: Page, address: string, faults: string[]): void {
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    if (/policy|trusted/i.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith('blob:')) faults.push(`asks ${url}`);
  });
}
