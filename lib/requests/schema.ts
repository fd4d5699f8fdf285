import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { EditError } from '../errors.ts';
import { meant } from './nearest.ts';
import { type Operation, type Option, options } from './options.ts';

type Options = typeof options;
type NameOf<Op extends Operation> = {
  [Name in keyof Options]: Op extends Options[Name]['of'][number] ? Name : never;
}[keyof Options];
type SchemaOf<O extends Option, Op extends Operation> = O['schema'] extends z.ZodType
  ? O['schema']
  : Op extends keyof O['schema']
    ? Extract<O['schema'][Op], z.ZodType>
    : never;

/** The schemas of an operation's options by name, as `z.strictObject` takes them. */
type Shape<Op extends Operation> = { [Name in NameOf<Op>]: SchemaOf<Options[Name], Op> };

/** The options that an engine's request takes under their own names; `undefined` where they are left out. */
export type OptionValues<Op extends Operation> = {
  readonly [Name in NameOf<Op> as Options[Name] extends { readonly engineField: Name }
    ? Name
    : never]: z.output<SchemaOf<Options[Name], Op>>;
};

/** The fields of an engine's request that come from options. */
export type EngineField<Op extends Operation> = Extract<
  Options[NameOf<Op>],
  { engineField: string }
>['engineField'];

const entriesOf = (operation: Operation) =>
  Object.entries<Option>(options).filter(([, { of }]) => of.includes(operation));

/** The options an operation takes. */
export function shapeOf<Op extends Operation>(operation: Op): Shape<Op> {
  const shape = entriesOf(operation).map(([name, { schema, description }]) => {
    const own = schema instanceof z.ZodType ? schema : schema[operation];
    return [name, own?.describe(description)];
  });
  return Object.fromEntries(shape);
}

/** The options of a parsed request that go to the engine, each present even if `undefined`. */
export function optionValues<Op extends Operation>(
  operation: Op,
  request: Partial<OptionValues<Op>>,
): OptionValues<Op> {
  const values: Readonly<Record<string, unknown>> = request;
  const asked = entriesOf(operation).filter(([name, { engineField }]) => engineField === name);
  return Object.fromEntries(asked.map(([name]) => [name, values[name]])) as OptionValues<Op>;
}

/** The fields of an engine's request that come from options, each once, in the order of the table. */
export function engineFields<Op extends Operation>(operation: Op): readonly EngineField<Op>[] {
  const fields = entriesOf(operation).flatMap(([, { engineField }]) => engineField ?? []);
  return [...new Set(fields)] as EngineField<Op>[];
}

const editShape: Readonly<Record<string, z.ZodType>> = shapeOf('edit');

/** Options of version 0.1 that have a default. Job ids have contained these defaults since then. */
const defaultsInIds: ReadonlySet<string> = new Set([
  'mode',
  'maskMode',
  'samples',
  'outputFormat',
  'jpegBlocks',
  'detail',
  'polarity',
]);

/**
 * The part of a parsed edit request that job ids are made of. An option newer than 0.1 is left out at its
 * default: requests that do not use it keep their ids, and no job is done and billed again.
 */
export function canonicalRequest(
  request: Readonly<Record<string, unknown>>,
  shape = editShape,
): Readonly<Record<string, unknown>> {
  const isInId = ([name, value]: [string, unknown]) =>
    defaultsInIds.has(name) || !isDeepStrictEqual(value, shape[name]?.safeParse(undefined).data);
  return Object.fromEntries(Object.entries(request).filter(isInId));
}

/** Names are echoed so that a typing error is found; a flood of them is not. */
const maxNameChars = 60;
export const maxNamed = 10;

/** A name as messages repeat it. */
export const shortName = (name: string): string =>
  name.length <= maxNameChars ? name : `${name.slice(0, maxNameChars)}...`;

/** Up to ten of the names, and how many more there are. */
export function shortList(names: readonly string[], separator = ', '): string {
  const more = names.length - maxNamed;
  return names.slice(0, maxNamed).join(separator) + (more > 0 ? `${separator}and ${more} more` : '');
}

/**
 * Any value -> what the schema makes of it.
 *
 * @throws {EditError} `REQUEST_INVALID` naming each field that is wrong.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const wrong = parsed.error.issues.flatMap((issue) => wrongFields(issue, known));
  const sentences = wrong.map(({ path, detail }) => `${path.join('.') || 'request'}: ${detail}`);
  const errors = wrong
    .slice(0, maxNamed)
    .map(({ path, detail }) => ({ pointer: ['#', ...path.map(pointerPart)].join('/'), detail }));
  const details = { faults: sentences.slice(0, maxNamed) };
  throw new EditError('REQUEST_INVALID', shortList(sentences, '; '), { details, errors });
}

interface WrongField {
  readonly path: readonly string[];
  readonly detail: string;
}

/** One for each unknown field, else one. */
function wrongFields(issue: z.core.$ZodIssue, known: readonly string[]): readonly WrongField[] {
  const path = issue.path.map((part) => shortName(String(part)));
  if (issue.code !== 'unrecognized_keys') return [{ path, detail: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, shortName(key)],
    detail: `expected no field of this name${path.length === 0 ? meant(key, known) : ''}`,
  }));
}

/** @see RFC 6901 */
const pointerPart = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');
