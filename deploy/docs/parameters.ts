import { z } from 'zod';
import type { OptionRule, OptionRules } from '../../lib/engines/capabilities.ts';
import { capabilitiesOf, engineNames } from '../../lib/engines/engines.ts';
import { editRequestSchema } from '../../lib/requests/edit-request.ts';
import { maskRequestSchema } from '../../lib/requests/mask-request.ts';
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
type RulesByEngine = Readonly<Record<string, OptionRules>>;

const editRules: RulesByEngine = Object.fromEntries(
  engineNames.map((engine) => [engine, capabilitiesOf(engine).options]),
);
const generateRules: RulesByEngine = Object.fromEntries(
  generateRequestSchema.shape.engine
    .unwrap()
    .options.map((engine) => [engine, capabilitiesOf(engine).generate?.() ?? {}]),
);

/** `docs/parameters.md`: every field of a request, and what each engine does with it. */
export function parametersDocument(): string {
  return `# Parameters

Generated from the request schemas and the capabilities of the engines; \`npm run docs\` writes it.
\`-\` means: ignored with a warning, or refused by name. \`here\` means: done by this service for any engine.
A range in the column of an engine is that of its model; other values are refused before anything is sent.
The options of upscale are those of Imagen; Gemini takes bytes only, answers in PNG or JPEG, and redraws the
picture at 2K or 4K where it fits.

## edit

${table(editRequestSchema, editRules)}

## mask

${table(maskRequestSchema, {})}

## generate

${table(generateRequestSchema, generateRules)}

## upscale

${table(upscaleRequestSchema, {})}
`;
}

function table(schema: z.ZodType, engines: RulesByEngine): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  const rows = Object.entries(properties).map(([name, field]) => {
    const fallback = required.includes(name) ? 'required' : valueText(field.default);
    const cells = Object.values(engines).map((rules) => capabilityText(name, rules));
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
function capabilityText(name: string, rules: OptionRules): string {
  const table: Readonly<Record<string, Option>> = options;
  const engineField = table[name]?.engineField;
  if (engineField === undefined) return 'here';
  const rule = rules[engineField];
  // A finder makes the mask where the engine makes none.
  if (rule === undefined && engineField === 'automaticMask') return 'here';
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
