import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { useFolder, useLocalSystem } from '../support/use.ts';

const repository = resolve(import.meta.dirname, '../..');
const document = readFileSync(join(repository, 'docs/http.md'), 'utf8');
const blocks = [...document.matchAll(/^```(sh|python|js)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: String(language),
  text: String(text),
  name:
    String(text)
      .split('\n')
      .find((line) => line.includes('curl') || line.includes('run')) ?? language,
}));

const size = { width: 96, height: 64 };
const folder = await useFolder();
const { system } = await useLocalSystem();
const photo = await pipelineOf(wavePicture(size)).jpeg({ quality: 90 }).toBuffer();
beforeAll(async () => {
  const mask = await maskPng(boxMask(size, { left: 40, top: 24, width: 16, height: 16 }));
  await writeFile(join(folder, 'photo.jpg'), photo);
  await writeFile(join(folder, 'mask.png'), mask);
  const { Storage } = await import('@google-cloud/storage');
  const bucket = new Storage({ apiEndpoint: system.storage.url, projectId: 'local' }).bucket('input');
  await bucket.file('photo.mask.png').save(mask, { resumable: false });
});

const commands: Readonly<Record<string, (text: string) => readonly [string, ...string[]]>> = {
  sh: (text) => ['bash', '-euc', text],
  python: (text) => ['python3', '-c', text],
  js: (text) => [process.execPath, '--input-type=module', '-e', text],
};

test.each(blocks)('$language: $name', async ({ language, text }) => {
  await rm(join(folder, 'edited.jpg'), { force: true });
  const here = text
    .replaceAll('http://localhost:8080', system.url)
    // In a checkout npm runs where package.json is.
    .replace('npm run edit --', `${process.execPath} ${join(repository, 'functions/cli.ts')}`);
  const [program, ...args] = commands[language]!(here);
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder });
  if (/edited\.jpg/.test(text)) {
    const edited = await readFile(join(folder, 'edited.jpg'));
    expect(edited.subarray(0, 3)).toEqual(photo.subarray(0, 3));
    expect(edited.equals(photo)).toBe(false);
  } else {
    expect(JSON.parse(stdout)).toMatchObject(
      text.includes('dryRun') ? { outside: 'touched-blocks' } : { state: 'succeeded' },
    );
  }
});

test('every kind of command is there', () => {
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['js', 'python', 'sh']);
});
