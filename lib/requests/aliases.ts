import { EditError } from '../errors.ts';
import type { Operation } from './options.ts';
import { mediaTypes } from './values.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A request in our own words. */
interface Translated {
  readonly fields: Fields;
  /** A sentence for each word that has no effect here. */
  readonly warnings: readonly string[];
}

/** What one word of Imagen's API becomes: a field, fields, or nothing with a warning. */
type Alias =
  | { readonly field: string }
  | { readonly fields: (value: unknown, operation: Operation) => Fields }
  | { readonly idle: string };

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const lower = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : value);

/** `EDIT_MODE_INPAINT_REMOVAL` and `inpainting-remove` -> `removal`; the schema refuses others. */
const modeOf = (value: unknown) =>
  /REMOV/i.test(String(value)) ? 'removal' : /INSERT/i.test(String(value)) ? 'insertion' : value;

/** `MASK_MODE_SEMANTIC` -> `semantic`. */
function maskModeOf(value: unknown): unknown {
  const mode = String(value)
    .replace(/^MASK_MODE_/i, '')
    .toLowerCase();
  return mode === 'user_provided' ? 'user' : mode;
}

/** Older models have pixels where newer ones have names. */
const sizesInPixels: ReadonlyMap<string, string> = new Map([
  ['1024', '1K'],
  ['2048', '2K'],
  ['4096', '4K'],
]);

const nameOfType = new Map<unknown, string>(Object.entries(mediaTypes).map(([name, type]) => [type, name]));

/**
 * The words of Imagen's API -> ours. Objects that only group others (`outputOptions`, `editConfig`) are
 * unpacked before.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
const aliases: Readonly<Record<string, Alias>> = {
  sampleCount: {
    // A picture is enlarged once.
    fields: (value, operation) =>
      operation === 'upscale' && String(value) === '1' ? {} : { samples: value },
  },
  prompt: {
    // Enlarging has no words, but bodies of Imagen's API have an empty place for them.
    fields: (value, operation) => (operation === 'upscale' && value === '' ? {} : { prompt: value }),
  },
  guidanceScale: { field: 'guidance' },
  baseSteps: { field: 'steps' },
  dilation: { field: 'maskDilation' },
  classes: { field: 'maskClasses' },
  upscaleFactor: { field: 'factor' },
  editMode: { fields: (value) => ({ mode: modeOf(value) }) },
  maskType: { fields: (value) => ({ maskMode: maskModeOf(value) }) },
  sampleImageSize: {
    fields: (value, operation) => ({
      [operation === 'upscale' ? 'targetSize' : 'imageSize']: sizesInPixels.get(String(value)) ?? value,
    }),
  },
  personGeneration: { fields: (value) => ({ personGeneration: lower(value) }) },
  safetySetting: { fields: (value) => ({ safetySetting: lower(value) }) },
  mimeType: {
    fields: (value, operation) => ({
      [operation === 'edit' ? 'outputFormat' : 'format']: nameOfType.get(value) ?? value,
    }),
  },
  compressionQuality: {
    fields: (value, operation) => ({ [operation === 'edit' ? 'outputQuality' : 'quality']: value }),
  },
  sampleImageStyle: { idle: 'only imagegeneration@002 took it: say it in the prompt' },
  includeRaiReason: { idle: 'the reason is always told' },
};

/** Objects whose members are words of their own. */
const groups: ReadonlySet<string> = new Set([
  'editConfig',
  'outputOptions',
  'upscaleConfig',
  'maskImageConfig',
]);

const wordsOf = (value: Fields): readonly (readonly [string, unknown])[] =>
  Object.entries(value).flatMap(([name, member]) => {
    if (groups.has(name) && isObject(member)) return wordsOf(member);
    // Imagen 2 has an object where Imagen 3 has a word.
    if (name === 'maskMode' && isObject(member)) return wordsOf(member);
    return [[name, member] as const];
  });

/**
 * Takes a request in the words of Imagen's API, or a whole body `{ instances, parameters }` of it, beside our
 * own words. What it does not know stays for the schema, which refuses it.
 *
 * @throws {EditError} `REQUEST_INVALID` for a field that is given in both words.
 */
export function translate(operation: Operation, body: Fields): Translated {
  // A map: a member `__proto__` stays one, and is refused as such.
  const fields = new Map<string, unknown>();
  const warnings: string[] = [];
  for (const [name, value] of wordsOf('instances' in body ? unpacked(body) : body)) {
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    if (alias !== undefined && 'idle' in alias) warnings.push(`${name} has no effect: ${alias.idle}.`);
    else assign(fields, ownWords(alias, { name, value, operation }));
  }
  return { fields: Object.fromEntries(fields), warnings };
}

function ownWords(
  alias: Exclude<Alias, { readonly idle: string }> | undefined,
  { name, value, operation }: { name: string; value: unknown; operation: Operation },
): Fields {
  if (alias === undefined)
    return name === 'maskMode' ? { maskMode: maskModeOf(value) } : Object.fromEntries([[name, value]]);
  return 'field' in alias ? { [alias.field]: value } : alias.fields(value, operation);
}

function assign(fields: Map<string, unknown>, more: Fields): void {
  for (const [name, value] of Object.entries(more)) {
    if (fields.has(name)) {
      throw new EditError('REQUEST_INVALID', `Expected ${name} once, got it in two words`, {
        errors: [{ pointer: `#/${name}`, detail: 'expected one value, got two' }],
      });
    }
    fields.set(name, value);
  }
}

/** `{ instances: [instance], parameters, labels }` -> the words of all three. */
function unpacked({ instances, parameters, ...rest }: Fields): Fields {
  const [instance, ...others] = Array.isArray(instances) ? instances : [];
  if (!isObject(instance) || others.length > 0) {
    throw new EditError('REQUEST_INVALID', 'Expected one instance, got none or several', {
      errors: [{ pointer: '#/instances', detail: 'expected a list of one object' }],
    });
  }
  const { referenceImages, mode, ...words } = { ...instance, ...(isObject(parameters) ? parameters : {}) };
  // Imagen's API has one word more, as it enlarges at the address where it makes pictures.
  const own = mode === undefined || mode === 'upscale' ? {} : { mode };
  return { ...rest, ...words, ...own, ...references(referenceImages) };
}

/** Imagen 3 has picture and mask in one list. */
function references(list: unknown): Fields {
  if (!Array.isArray(list)) return {};
  const found: Record<string, unknown> = {};
  for (const each of list.filter(isObject)) {
    const { referenceType, referenceImage, maskImageConfig = {} } = each;
    if (referenceType === 'REFERENCE_TYPE_RAW') found['image'] = referenceImage;
    if (referenceType !== 'REFERENCE_TYPE_MASK') continue;
    if (referenceImage !== undefined) found['mask'] = referenceImage;
    found['maskImageConfig'] = maskImageConfig;
  }
  return found;
}
