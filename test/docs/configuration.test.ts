import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { settings } from '../../lib/config.ts';

const path = new URL('../../docs/configuration.md', import.meta.url);

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

/** The allowed values of a setting in words. */
function rangeOf(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as JsonSchema;
  if (json.enum !== undefined) return json.enum.map((value) => `\`${value}\``).join(', ');
  if (json.minimum !== undefined) {
    const limits = json.maximum === undefined ? `from ${json.minimum}` : `${json.minimum} to ${json.maximum}`;
    return json.type === 'integer' ? `integer ${limits}` : limits;
  }
  if (json.format === 'uri') return 'URL';
  return json.type === 'array' ? 'list' : json.type === 'object' ? 'JSON object' : 'text';
}

function defaultOf(schema: z.ZodType): string {
  const value = schema.parse(undefined);
  const isEmpty =
    value === undefined || (typeof value === 'object' && Object.keys(value as object).length === 0);
  return isEmpty ? '-' : `\`${String(value)}\``;
}

function document(): string {
  const rows = Object.entries(settings).map(
    ([name, schema]) =>
      `| \`${name}\` | ${rangeOf(schema)} | ${defaultOf(schema)} | ${schema.description ?? ''} |`,
  );
  return `# Configuration

Environment variables, read once at start; every fault is listed. The upload functions need the three buckets, which must
be distinct; the HTTP functions need none. This table is generated from \`lib/config.ts\` (\`UPDATE_DOCS=1 npm test\`).

| variable | values | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

test('docs/configuration.md is what lib/config.ts says', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, document());
  expect(readFileSync(path, 'utf8')).toBe(document());
});
