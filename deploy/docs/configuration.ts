import { z } from 'zod';
import { settings } from '../../lib/config.ts';

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

/** `docs/configuration.md`: every environment variable with its range, default and meaning. */
export function configurationDocument(): string {
  const rows = Object.entries<z.ZodType>(settings).map(
    ([variable, schema]) =>
      `| \`${variable}\` | ${rangeOf(schema)} | ${defaultOf(schema)} | ${schema.description ?? ''} |`,
  );
  return `# Configuration

Environment variables, read once at start; every fault is listed. The upload functions need the three buckets,
which must be distinct; the HTTP functions need none. \`npm run docs\` makes this table from \`lib/settings.ts\`.

| variable | values | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
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
