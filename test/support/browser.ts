import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** What a machine without a desktop lacks, such as NSS; the package unpacks it on Lambda only. */
const libraries = fileURLToPath(new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium')));

/** Unpacked once for this checkout: that takes some seconds of processor time. */
const cache = resolve(import.meta.dirname, '../../node_modules/.cache/chromium-153-libs');

/** The package unpacks into the folder for temporary files, and takes what is there for whole. */
async function executable(): Promise<string> {
  if (!existsSync(cache)) {
    const before = process.env['TMPDIR'];
    await mkdir(resolve(cache, '..'), { recursive: true });
    const folder = await mkdtemp(`${cache}-`);
    process.env['TMPDIR'] = folder;
    try {
      await chromium.executablePath();
      await inflate(libraries);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    // Another run may have been quicker.
    await rename(folder, cache).catch(() => rm(folder, { recursive: true }));
  }
  const names = await readdir(cache);
  if (!names.includes('chromium')) throw new Error(`Expected a browser in ${cache}, got ${names}`);
  return join(cache, 'chromium');
}

/**
 * A browser without a window. Not with the arguments of the package: they switch off what is tested, such as
 * the policy of origins.
 */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await executable();
  const { PATH = '' } = process.env;
  const env = { PATH, LD_LIBRARY_PATH: join(executablePath, '../al2023/lib') };
  const args = ['--no-sandbox', '--headless=shell', '--disable-gpu', '--disable-dev-shm-usage'];
  return playwright.launch({ executablePath, env, args, downloadsPath: tmpdir() });
}
