import type { Draw } from './draw.ts';

/** Stands where secrets stand; nothing may write it down. */
export const secret = 'SECRET-PROMPT-4711';

/** Texts that break readers. */
export const awkwardTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'NaN',
  'true',
  'null',
  '[]',
  '{}',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'é',
  'e\u0301',
  '\u{1f600}',
  '\ud800',
  '\u202e',
  '%00',
  '../x',
  'a/b',
  '\'"\\',
  '\r\nx: y',
  'x'.repeat(3000),
];

/** Values of JSON that break readers. */
const awkwardValues = (draw: Draw): unknown =>
  draw.oneOf<() => unknown>([
    () => draw.oneOf(awkwardTexts),
    () => draw.oneOf([0, -0, -1, 0.5, 1e308, 2 ** 53, 255, 256]),
    () => null,
    () => draw.chance(0.5),
    () => [],
    () => [draw.oneOf(awkwardTexts), null, {}],
    () => ({ [draw.oneOf(awkwardTexts)]: draw.oneOf(awkwardTexts) }),
    () => nested(1 + draw.below(draw.chance(0.1) ? 5000 : 50)),
  ])();

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A text that is JSON near a good one: values replaced, keys added, or the text itself broken. */
export function mutatedJson(good: Readonly<Record<string, unknown>>, draw: Draw): string {
  const entries = Object.entries(good);
  for (let rounds = draw.below(3); rounds > 0; rounds--) {
    const at = draw.below(entries.length + 1);
    const key = at < entries.length && draw.chance(0.8) ? entries[at]![0] : draw.oneOf(awkwardTexts);
    entries.splice(at, 1, [key, awkwardValues(draw)]);
  }
  // Written by hand: names of prototypes and names given twice are kept.
  const text = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${deepJson(value)}`).join(',')}}`;
  const broken: readonly ((json: string) => string)[] = [
    (json) => json.slice(0, draw.below(json.length)),
    (json) => `${json.slice(0, -1)},}`,
    (json) => `\ufeff${json}`,
    (json) => json.replaceAll('"', "'"),
    (json) => `[${json}]`,
    (json) => json + json,
    (json) => json.replace('{', '{"prompt":"twice",'),
  ];
  return draw.chance(0.4) ? draw.oneOf(broken)(text) : text;
}

/** Without recursion's end. */
function deepJson(value: unknown): string {
  let [head, tail, inner] = ['', '', value];
  for (;;) {
    if (Array.isArray(inner) && inner.length === 1) [head, tail, inner] = [`${head}[`, `]${tail}`, inner[0]];
    else if (isPlain(inner)) [head, tail, inner] = [`${head}{"a":`, `}${tail}`, inner['a']];
    else return head + JSON.stringify(inner) + tail;
  }
}
const isPlain = (value: unknown): value is { a: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).join() === 'a';
