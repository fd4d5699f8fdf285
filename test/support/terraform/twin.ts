import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Block, type Configuration, type Folder, isBlock, nested } from './configuration.ts';

/**
 * Writes the configuration with a `terraform_data` in the place of every resource and source of data. Terraform then works out
 * every expression, `for_each` and call of a module without a provider or an account; what a service would fill in is made up.
 *
 * @param source where the real files are.
 * @param target an empty folder.
 */
export async function writeTwin(
  { root, modules }: Configuration,
  { source, target }: { readonly source: string; readonly target: string },
): Promise<void> {
  await writeFolder(root, source, target);
  for (const [path, folder] of Object.entries(modules)) {
    await writeFolder(folder, join(source, path), join(target, path));
  }
}

/** What the parser gives is Terraform's own JSON syntax. */
async function writeFolder(folder: Folder, source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await cp(join(source, 'variables.tf'), join(target, 'variables.tf'));
  const standIns = { ...standInsOf(folder.resource, ''), ...standInsOf(folder.data, 'data__') };
  const modules = Object.entries(folder.module).map(([name, body]) => [name, withPlainDependencies(body)]);
  const sections = {
    resource: { terraform_data: standIns },
    module: Object.fromEntries(modules),
    locals: folder.local,
    output: folder.output,
  };
  const used = Object.entries(sections).filter(([, blocks]) => Object.keys(blocks).length > 0);
  await writeFile(join(target, 'main.tf.json'), JSON.stringify(rewritten(Object.fromEntries(used), source)));
}

const standInsOf = (blocks: Folder['resource'], prefix: string): Block =>
  Object.fromEntries(
    Object.entries(blocks).flatMap(([type, named]) =>
      Object.entries(named).map(([name, body]) => [`${prefix}${type}__${name}`, standInFor(type, body)]),
    ),
  );

function standInFor(type: string, { for_each, depends_on, ...args }: Block): Block {
  const input = { ...(withoutDynamic(args) as Block), ...madeUp(type, args) };
  // An argument that is `undefined` is left out.
  return withPlainDependencies({ for_each, depends_on, input });
}

/** Attributes that the services give. */
function madeUp(type: string, args: Block): Block {
  const email = `${String(args['account_id'])}@my-project.iam.gserviceaccount.com`;
  const id = `projects/my-project/locations/europe-west1/queues/${String(args['name'])}`;
  const url = `https://${String(args['name'])}.run.app`;
  const byType: Readonly<Record<string, Block>> = {
    archive_file: { output_sha256: '0123', source: undefined },
    google_artifact_registry_repository: { name: args['repository_id'] },
    google_cloudfunctions2_function: { service_config: [{ ...nested(args, 'service_config'), uri: url }] },
    google_project: { number: '123456' },
    google_service_account: { name: email, email, member: `serviceAccount:${email}` },
    google_storage_project_service_account: { email_address: 'storage@example.com' },
  };
  return { id, ...byType[type] };
}

/** `dynamic "x" { for_each, content }` anywhere: an `x` with a list for every argument of its content. */
function withoutDynamic(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDynamic);
  if (!isBlock(value)) return value;
  const { dynamic, ...args } = value;
  const plain = Object.entries(args).map(([key, item]) => [key, withoutDynamic(item)]);
  const names = Object.keys(isBlock(dynamic) ? dynamic : {});
  const unfolded = names.map((name) => [name, eachOf(name, nested(dynamic as Block, name))]);
  return Object.fromEntries([...plain, ...unfolded]);
}

function eachOf(name: string, body: Block): Block {
  const items = `[for item in ${expressionOf(body['for_each'])} : { key = item, value = item }]`;
  const content = Object.entries(nested(body, 'content'));
  return Object.fromEntries(
    content.map(([key, value]) => [key, wrapped(`[for ${name} in ${items} : ${expressionOf(value)}]`)]),
  );
}

const wrapped = (expression: string): string => `\${${expression}}`;

/** A value of the parsed tree as it stands in an expression. */
function expressionOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^\$\{([^{}]*)\}$/.exec(value)?.[1] ?? `"${value}"`;
}

/** In JSON, `depends_on` names what it waits for without `${}`. */
function withPlainDependencies(block: Block): Block {
  const dependencies = block['depends_on'];
  if (!Array.isArray(dependencies)) return block;
  const plain = dependencies.map((text) => String(text).slice(2, -1).replace(resourceName, standInName));
  return { ...block, depends_on: plain };
}

const resourceName = /(?<![\w.])(data\.)?((?:google|time|archive)_\w+)\.(\w+)/;
const standInName = (_: string, data: string | undefined, type: string, name: string): string =>
  `terraform_data.${data === undefined ? '' : 'data__'}${type}__${name}`;

/** `google_t.n["x"].a`, `data.google_t.n.a`, and `google_t.n` alone, in a `for`. */
const reference = new RegExp(
  `(?<whole>${resourceName.source})(?<index>\\[(?:"[^"]*"|each\\.key)\\])?(?<dot>\\.)?`,
  'g',
);

function rewritten(value: unknown, source: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, source));
  if (isBlock(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewritten(item, source)]));
  }
  if (typeof value !== 'string') return value;
  return value.replaceAll(wrapped('path.module'), source).replaceAll(reference, (...match) => {
    const { whole, index = '', dot } = match.at(-1) as Partial<Record<string, string>>;
    const place = `${whole?.replace(resourceName, standInName)}${index}`;
    return dot === undefined ? `{ for key, one in ${place} : key => one.input }` : `${place}.input.`;
  });
}
