import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gcloudCommands, shellBlocks } from '../../deploy/docs/gcloud-commands.ts';
import { readName } from '../../lib/jobs/inputs/names.ts';
import { metadataFields } from '../../lib/jobs/inputs/plan.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const text = read('README.md') + read('docs/buckets.md');

test('request files it shows are requests', () => {
  const files = [...text.matchAll(/`(\{ "(?:prompt|mode|maskMode)".*?\})`/g)].map(([, json = '']) => json);
  expect(files.map((json) => parseRequest(JSON.parse(json)))).toMatchObject([
    { maskMode: 'people' },
    { mode: 'insertion', prompt: 'a red boat' },
    { mode: 'insertion' },
    { maskMode: 'people' },
  ]);
});

test('metadata it shows are requests, on masks', () => {
  const commands = shellBlocks(text).flatMap((block) => gcloudCommands(block));
  const asked = commands.flatMap(({ words, flags }) => {
    const given = flags.get('--custom-metadata');
    if (given === undefined) return [];
    expect(readName(words[2] ?? '')?.role).toBe('mask');
    const pairs = given.split(',').map((pair) => pair.split('=') as [string, string]);
    return [parseRequest(metadataFields(Object.fromEntries(pairs)))];
  });
  expect(asked).toMatchObject([{ mode: 'insertion', prompt: 'a red boat', featherPx: 8 }]);
  const named = [...text.matchAll(/`(inpaint-[\w-]+)`/g)].map(([, name = '']) => [name, '8'] as const);
  const fields = metadataFields(Object.fromEntries(named));
  expect(parseRequest(fields)).toMatchObject({ featherPx: 8, prompt: '8' });
});
