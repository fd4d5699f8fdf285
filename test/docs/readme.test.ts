import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readName } from '../../lib/jobs/inputs/names.ts';
import { metadataFields } from '../../lib/jobs/inputs/plan.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { gcloudCommands, shellBlocks } from '../support/gcloud-commands.ts';

const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('request files it shows are requests', () => {
  const files = [...text.matchAll(/`(\{ "(?:prompt|maskMode)".*?\})`/g)].map(([, json = '']) => json);
  expect(files.map((json) => parseRequest(JSON.parse(json)))).toMatchObject([
    { mode: 'insertion' },
    { maskMode: 'background' },
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
