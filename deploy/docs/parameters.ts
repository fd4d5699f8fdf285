import { z } from 'zod';
import type { EditHonours } from '../../lib/engines/edit-options.ts';
import { endpointHonours } from '../../lib/engines/endpoint.ts';
import { geminiHonours } from '../../lib/engines/gemini/gemini.ts';
import { geminiGenerateHonours } from '../../lib/engines/gemini/generate.ts';
import { imagenGenerateHonours } from '../../lib/engines/imagen/generate.ts';
import { imagenHonours } from '../../lib/engines/imagen/imagen.ts';
import { imagen2Honours } from '../../lib/engines/imagen/imagen2.ts';
import type { Honours, OptionRule } from '../../lib/engines/options.ts';
import { editRequestSchema } from '../../lib/requests/edit-request.ts';
import { type Option, options } from '../../lib/requests/options.ts';
import { generateRequestSchema, upscaleRequestSchema } from '../../lib/requests/picture-requests.ts';

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** Engine -> option -> how the engine takes it. */
type Capabilities = Readonly<Record<string, Honours>>;

const patchmatch: EditHonours = { samples: { range: [1, 4] }, seed: { default: 1 } };
const editEngines: Capabilities = {
  imagen: imagenHonours,
  imagen2: imagen2Honours,
  gemini: geminiHonours,
  endpoint: endpointHonours,
  patchmatch,
};
const generateEngines: Capabilities = { imagen: imagenGenerateHonours(), gemini: geminiGenerateHonours() };

/** `docs/parameters.md`: every field of a request, and what each engine does with it. */
export function parametersDocument(): string {
  return `# Parameters

Generated from the request schemas and the capabilities of the engines; \`npm run docs\` writes it.
\`-\` means: ignored with a warning, or refused by name. \`here\` means: done by this service for any engine.
A range in the column of an engine is that of its model; other values are refused before anything is sent.
The options of upscale are those of Imagen; Gemini takes bytes only, answers in PNG or JPEG, and redraws the
picture at 2K or 4K where it fits.

## edit

${table(editRequestSchema, editEngines)}

## generate

${table(generateRequestSchema, generateEngines)}

## upscale

${table(upscaleRequestSchema, {})}
`;
}

function table(schema: z.ZodType, engines: Capabilities): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  const rows = Object.entries(properties).map(([name, field]) => {
    const fallback = required.includes(name) ? 'required' : valueText(field.default);
    const cells = Object.values(engines).map((capabilities) => capabilityText(name, capabilities));
    return [`\`${name}\``, rangeText(field), fallback, field.description ?? '', ...cells];
  });
  const head = ['parameter', 'range', 'default', 'meaning', ...Object.keys(engines)];
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`).join('\n');
}

function rangeText({ type, enum: values, minimum, maximum, maxLength }: JsonSchema): string {
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (minimum !== undefined || maximum !== undefined) {
    return `${type === 'integer' ? 'integer ' : ''}${minimum ?? ''}..${maximum ?? ''}`;
  }
  if (maxLength !== undefined) return `up to ${maxLength} characters`;
  return type ?? 'list or text';
}

function valueText(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

/** How an engine takes an option: its range, its default, a note. */
function capabilityText(name: string, capabilities: Honours): string {
  const table: Readonly<Record<string, Option>> = options;
  const engineField = table[name]?.engineField;
  if (engineField === undefined) return 'here';
  const rule = capabilities[name] ?? capabilities[engineField];
  return rule === undefined ? '-' : ruleText(rule);
}

function ruleText({ range, values, note, ...rule }: OptionRule): string {
  const parts = [
    range && `${range[0]}..${range[1]}`,
    values && (values.length > 5 ? `${values.length} values` : values.join(', ')),
    rule.default !== undefined && `default ${rule.default}`,
    note,
  ];
  return parts.filter(Boolean).join('; ') || 'yes';
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
