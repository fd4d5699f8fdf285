import { z } from 'zod';
import {
  type EditOptionName,
  editOptionNames,
  type OptionRule,
  type OptionRules,
} from './engines/capabilities.ts';
import { capabilitiesOf, engineNames } from './engines/engines.ts';
import { generateRequestSchema } from './generate.ts';
import { editRequestSchema } from './requests/edit-request.ts';
import { upscaleRequestSchema } from './upscale.ts';

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const editEngines: Readonly<Record<string, OptionRules>> = Object.fromEntries(
  engineNames.map((engine) => [engine, capabilitiesOf(engine).options]),
);
const generateEngines: Readonly<Record<string, OptionRules>> = Object.fromEntries(
  (['imagen', 'gemini'] as const).map((engine) => [engine, capabilitiesOf(engine).generate?.() ?? {}]),
);

/** Request field -> the engine option it becomes, where the names differ. */
const optionOf: Readonly<Record<string, string>> = {
  maskMode: 'automaticMask',
  maskClasses: 'automaticMask',
  modelFormat: 'replyFormat',
  modelQuality: 'replyFormat',
  format: 'replyFormat',
  quality: 'replyFormat',
};

/** `docs/parameters.md`: every field a caller may send, from the schemas, and what each engine makes of it. */
export function parametersDocument(): string {
  return [
    '# Parameters',
    '',
    'Generated from the request schemas and from what each engine declares; do not edit by hand',
    '(`UPDATE_DOCS=1 npm test` writes it anew). `-` means: ignored with a warning, or refused by name.',
    '`here` means: done by this service, whatever the engine. Options of upscale are those of Imagen; Gemini',
    'takes bytes only, answers in PNG or JPEG, and redraws the picture at 2K or 4K where it fits.',
    'A range in the column of an engine is its own; outside of it the request is refused before anything is sent.',
    '',
    '## edit',
    '',
    ...table(editRequestSchema, editEngines, editOptionNames),
    '',
    '## generate',
    '',
    ...table(generateRequestSchema, generateEngines, Object.keys(generateEngines['imagen'] ?? {})),
    '',
    '## upscale',
    '',
    ...table(upscaleRequestSchema, {}, []),
    '',
  ].join('\n');
}

function table(
  schema: z.ZodType,
  engines: Readonly<Record<string, OptionRules>>,
  engineOptions: readonly string[],
): readonly string[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  const names = Object.keys(engines);
  const rows = Object.entries(properties).map(([name, field]) => {
    const option = optionOf[name] ?? name;
    const cells = names.map((engine) =>
      engineOptions.includes(option) ? ruleText(engines[engine]?.[option as EditOptionName]) : 'here',
    );
    const fallback = required.includes(name) ? 'required' : valueText(field.default);
    return [`\`${name}\``, rangeText(field), fallback, field.description ?? '', ...cells];
  });
  const head = ['parameter', 'range', 'default', 'meaning', ...names];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
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

/** What is said of an engine that takes the option: its range, its own default, its note. */
function ruleText(rule: OptionRule | undefined): string {
  if (rule === undefined) return '-';
  const { range, values, note } = rule;
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
