/** Messages of a service, as `extract.ts` writes them. */
export interface ServiceSchema {
  readonly source: string;
  /**
   * Fields by their JSON names; a type is a scalar, an enum or a message, after `list` or `map` a list of it.
   */
  readonly messages: Readonly<
    Record<
      string,
      { readonly fields: Readonly<Record<string, string>>; readonly oneOf: readonly (readonly string[])[] }
    >
  >;
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);

/** How JSON writes scalars. @see https://protobuf.dev/programming-guides/json/ */
const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: isText,
  bytes: (value) => isText(value) && /^[A-Za-z0-9+/]*={0,2}$/.test(String(value)),
  bool: (value) => typeof value === 'boolean',
  float: isNumber,
  double: isNumber,
  int32: Number.isInteger,
  int64: (value) => Number.isInteger(value) || /^-?\d+$/.test(String(value)),
  'google.protobuf.Value': () => true,
  'google.protobuf.Struct': (value) => typeof value === 'object' && value !== null,
  'google.protobuf.Timestamp': isText,
  'google.protobuf.Duration': isText,
};

/**
 * What a body has that its message does not allow: unknown fields, values of another type, two of a choice.
 *
 * @param type a name of `schema`, e.g. `GenerateContentRequest`.
 */
export function walk(schema: ServiceSchema, type: string, value: unknown, path = type): string[] {
  const [, many, kind = type] = /^(?:(list|map) )?(.+)$/.exec(type) ?? [];
  if (many === 'list' && !Array.isArray(value)) return [`${path}: no list`];
  if (many !== undefined) {
    return Object.entries(value as object).flatMap(([key, one]) => walk(schema, kind, one, `${path}.${key}`));
  }
  const values = schema.enums[kind];
  if (values !== undefined) return values.includes(String(value)) ? [] : [`${path}: ${value} is no ${kind}`];
  const message = schema.messages[kind];
  if (message !== undefined) return walkMessage(schema, message, value, path);
  return scalars[kind]?.(value) ? [] : [`${path}: no ${kind}`];
}

function walkMessage(
  schema: ServiceSchema,
  { fields, oneOf }: ServiceSchema['messages'][string],
  value: unknown,
  path: string,
): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: no object`];
  const given = Object.entries(value);
  const names = given.map(([name]) => name);
  const twice = oneOf.filter((choice) => choice.filter((name) => names.includes(name)).length > 1);
  return [
    ...twice.map((choice) => `${path}: more than one of ${choice.join(', ')}`),
    ...given.flatMap(([name, one]) => {
      const type = fields[name];
      return type === undefined ? [`${path}.${name}: unknown`] : walk(schema, type, one, `${path}.${name}`);
    }),
  ];
}
