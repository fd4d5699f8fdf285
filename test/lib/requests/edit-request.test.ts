import { describe, expect, it } from 'vitest';
import { parseRequest, readRequestFile, typedFields } from '../../../lib/requests/edit-request.ts';

const fault = (value: unknown) => {
  try {
    parseRequest(value);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe('parseRequest', () => {
  it('fills in every default', () => {
    expect(parseRequest({})).toMatchObject({
      mode: 'removal',
      samples: 1,
      detail: 'single',
      jpegBlocks: 'touched',
      maskMode: 'user',
      outputFormat: 'same',
      polarity: 'white',
    });
  });

  it('takes what it gave: a parsed request parses to itself', () => {
    const parsed = parseRequest({
      maskMode: 'semantic',
      maskClasses: ['bicycle', 176],
      safetySetting: 'block_some',
      labels: { team: 'photos' },
    });
    expect(parsed.maskClasses).toEqual([175, 176]);
    expect(parsed.safetySetting).toBe('block_medium_and_above');
    expect(parseRequest(parsed)).toEqual(parsed);
  });

  it.each<[unknown, RegExp]>([
    [{ sampels: 2 }, /sampels/],
    [{ samples: 5 }, /samples: .*4/],
    [{ steps: 76 }, /steps: .*75/],
    [{ guidance: -1 }, /guidance: .*0/],
    [{ maskDilation: 1.5 }, /maskDilation: .*1/],
    [{ seed: 2 ** 31 }, /seed: .*2147483647/],
    [{ language: 'de' }, /language/],
    [{ labels: { Team: 'x' } }, /labels/],
    [{ mode: 'insertion' }, /prompt: expected what to insert/],
    [{ maskMode: 'semantic' }, /maskClasses: expected 1 to 5/],
    [{ maskMode: 'semantic', maskClasses: [0, 1, 2, 3, 4, 5] }, /got 6/],
    [{ maskMode: 'semantic', maskClasses: ['unicorn'] }, /maskClasses: .*unicorn/],
    [{ maskClasses: ['cat'] }, /expected maskMode semantic/],
    [{ seed: 1, addWatermark: true }, /addWatermark false/],
    [{ modelQuality: 80 }, /modelFormat jpeg/],
  ])('refuses %j, naming the field', (value, message) => {
    expect(fault(value)).toMatch(message);
  });
});

it('reads form fields by what their schema wants', () => {
  const fields = new Map([
    ['maskMode', 'semantic'],
    ['maskClasses', 'cell phone, 7'],
    ['samples', '2'],
    ['addWatermark', 'false'],
    ['negativePrompt', '42'],
  ]);
  expect(parseRequest(typedFields(fields))).toMatchObject({
    maskClasses: [41, 7],
    samples: 2,
    addWatermark: false,
    negativePrompt: '42',
  });
});

it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'refuses a field %s by its name',
  (name) => {
    expect(() => parseRequest(typedFields(new Map([[name, 'x']])))).toThrow(new RegExp(`^${name}: `));
    expect(fault(JSON.parse(`{"${name}": 1}`))).toMatch(name);
  },
);

it('repeats at most ten names, each cut to 60 characters', () => {
  const flood = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${'k'.repeat(1000)}${i}`, 1]));
  const message = fault(flood) ?? '';
  expect(message.length).toBeLessThan(1200);
  expect(message).toMatch(/and 990 more$/);
});

describe('readRequestFile', () => {
  const read = (text: string) => readRequestFile(new TextEncoder().encode(text));
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it('takes 16 levels of JSON, and no more', () => {
    expect(read(nested(16))).toBeInstanceOf(Array);
    for (const depth of [17, 30_000]) {
      expect(() => read(`{"prompt":${nested(depth)}}`)).toThrow(/16 levels/);
    }
  });

  it('takes no member __proto__ at any level', () => {
    expect(() => read('{"labels":{"__proto__":"x"}}')).toThrow(/__proto__/);
  });

  it.each([
    ['{"prompt":"SECRET",}', '(line 1 column 20)'],
    ['{"prompt": SECRET}', "(unexpected token 'S')"],
    ['{"prompt":', '(unexpected end)'],
  ])('says where %j is no JSON, and repeats nothing of it', (text, where) => {
    expect(() => read(text)).toThrow(/^(?!.*SECRET)/);
    expect(() => read(text)).toThrow(`not JSON ${where}`);
  });
});
