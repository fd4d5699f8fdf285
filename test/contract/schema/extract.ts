import { readFileSync, writeFileSync } from 'node:fs';
import type { ServiceSchema } from './walk.ts';

/**
 * Takes the messages of the requests that we send out of the service's own schema, and writes them beside
 * this file:
 *
 *     npm pack @google-cloud/aiplatform@7.4.0 && tar xzf google-cloud-aiplatform-7.4.0.tgz
 *     node test/contract/schema/extract.ts package
 *
 * The package is 78 MB, and its licence Apache 2.0.
 */

interface Field {
  readonly rule?: string;
  readonly type: string;
  readonly keyType?: string;
}

interface Node {
  readonly nested?: Readonly<Record<string, Node>>;
  readonly fields?: Readonly<Record<string, Field>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
}

const space = 'google.cloud.aiplatform.v1';
const roots = ['GenerateContentRequest', 'PredictRequest', 'BatchPredictionJob'];
/** JSON of any shape, or written in JSON as one text. */
const leaves = [
  'google.protobuf.Value',
  'google.protobuf.Struct',
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
];
/** Fields of a batch that no request for a picture has, and whose messages are long. */
const leftOut = [
  'explanationSpec',
  'modelMonitoringConfig',
  'unmanagedContainerModel',
  'tools',
  'toolConfig',
];

const [folder = '.'] = process.argv.slice(2);
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as unknown;
const root = read('build/protos/protos.json') as Node;
const { version } = read('package.json') as { readonly version: string };

const nodeAt = (path: string): Node | undefined =>
  path.split('.').reduce<Node | undefined>((node, part) => node?.nested?.[part], root);

/** A type as a field names it, seen from a message -> its full name: the innermost of that name. */
function resolve(type: string, from: string): string | undefined {
  for (let scope = from; ; scope = scope.slice(0, Math.max(0, scope.lastIndexOf('.')))) {
    const path = scope === '' ? type : `${scope}.${type}`;
    if (nodeAt(path) !== undefined) return path;
    if (scope === '') return undefined;
  }
}

const short = (path: string): string => path.replace(`${space}.`, '');

const messages: Record<string, ServiceSchema['messages'][string]> = {};
const enums: Record<string, readonly string[]> = {};

function visit(path: string): void {
  const node = nodeAt(path);
  if (leaves.includes(path) || short(path) in messages) return;
  if (node?.values !== undefined) {
    enums[short(path)] = Object.keys(node.values);
    return;
  }
  const fields: Record<string, string> = {};
  const oneOf = Object.entries(node?.oneofs ?? {})
    // An optional field is written as a choice of one.
    .flatMap(([, { oneof }]) => (oneof.length > 1 ? [oneof] : []));
  messages[short(path)] = { fields, oneOf };
  for (const [name, { rule, type, keyType }] of Object.entries(node?.fields ?? {})) {
    if (leftOut.includes(name)) continue;
    const full = resolve(type, path);
    const kind = full === undefined ? type : short(full);
    fields[name] = keyType !== undefined ? `map ${kind}` : rule === 'repeated' ? `list ${kind}` : kind;
    if (full !== undefined) visit(full);
  }
}

for (const name of roots) visit(`${space}.${name}`);
const schema: ServiceSchema = {
  source: `npm @google-cloud/aiplatform ${version}, ${space}, Apache-2.0`,
  messages,
  enums,
};
writeFileSync(new URL('aiplatform.json', import.meta.url), `${JSON.stringify(schema, null, 1)}\n`);
