import { expect, it } from 'vitest';
import { editPrompt } from '../../../../lib/engines/gemini/prompt.ts';

const crop = { width: 1200, height: 896 };
const region = { left: 300, top: 224, width: 600, height: 448 };
const base = { region, crop, prompt: undefined, negativePrompt: undefined };

it('gives the region on a scale of 0 to 1000, top and left first, and nothing that was not asked for', () => {
  const text = editPrompt({ ...base, mode: 'removal' });
  expect(text).toContain('[250, 250, 750, 750]');
  expect(text).not.toMatch(/undefined|Avoid/);
});

it.each(['removal', 'insertion'] as const)('carries prompt and negative prompt of a %s', (mode) => {
  const text = editPrompt({ ...base, mode, prompt: ' a cute corgi ', negativePrompt: 'leash' });
  expect(text).toMatch(/: a cute corgi\n[\s\S]*Avoid: leash\n/);
});
