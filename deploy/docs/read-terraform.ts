import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

type ParseHcl = (filename: string, text: string) => Promise<Record<string, unknown>>;

/** Required, not imported: the types of the package would bring those of browsers into the whole project. */
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as { readonly parse: ParseHcl };

/** A block as hcl2json gives it: nested blocks are arrays, expressions stay text `${...}`. */
export interface Block {
  [name: string]: unknown;
}

/** One folder of Terraform, all its files together. */
export interface Folder {
  readonly variable: Record<string, Block>;
  readonly local: Block;
  readonly module: Record<string, Block>;
  readonly output: Record<string, Block>;
  readonly provider: Record<string, unknown>;
  /** By type, then by name. */
  readonly resource: Record<string, Record<string, Block>>;
  readonly data: Record<string, Record<string, Block>>;
}

/** A resource as it will be made: one for each entry of its `for_each`, with known values filled in. */
export interface Resource {
  /** For example `module.http["edit"].google_service_account.this`. */
  readonly address: string;
  readonly type: string;
  readonly body: Block;
}

export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The nested blocks of this name, none or one or more. */
export function nestedAll(body: Block, name: string): Block[] {
  const value = body[name];
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isBlock);
}

/** The first nested block of this name; empty when there is none. */
export const nested = (body: Block, name: string): Block => nestedAll(body, name)[0] ?? {};

/**
 * Reads the `.tf` files of a folder with HashiCorp's own parser.
 *
 * @param change is made to their text first.
 */
export async function readFolder(path: string, change = (text: string) => text): Promise<Folder> {
  const files = readdirSync(path).filter((name) => name.endsWith('.tf'));
  const text = files.map((name) => readFileSync(join(path, name), 'utf8')).join('\n');
  const tree: Block = await parse('all.tf', change(text));
  const folder: Folder = {
    ...{ variable: {}, local: {}, module: {}, output: {}, resource: {}, data: {} },
    provider: isBlock(tree['provider']) ? tree['provider'] : {},
  };
  for (const locals of nestedAll(tree, 'locals')) Object.assign(folder.local, locals);
  for (const kind of ['variable', 'module', 'output'] as const) addNamed(folder[kind], tree[kind]);
  for (const kind of ['resource', 'data'] as const) {
    for (const [type, blocks] of Object.entries(tree[kind] ?? {})) {
      folder[kind][type] ??= {};
      addNamed(folder[kind][type], blocks);
    }
  }
  return folder;
}

function addNamed(into: Record<string, Block>, blocks: unknown): void {
  for (const [name, [block]] of Object.entries((blocks ?? {}) as Record<string, Block[]>)) {
    if (block !== undefined) into[name] = block;
  }
}

interface Scope {
  readonly local: Block;
  readonly var: Block;
  readonly each?: { readonly key: string; readonly value: unknown };
}

/**
 * Every resource of the root folder and of the one module it calls.
 *
 * @param module the folder `./function`.
 * @param values of variables and locals that replace what the files say.
 */
export function resourcesOf(
  root: Folder,
  module: Folder,
  values: { readonly var: Block; readonly local: Block },
): Resource[] {
  const scope = {
    local: { ...root.local, ...values.local },
    var: { ...knownDefaults(root), ...values.var },
  };
  const called = Object.entries(root.module).flatMap(([name, call]) =>
    instancesOf(call, scope).flatMap(({ suffix, body }) =>
      expanded(module, { local: module.local, var: body }, `module.${name}${suffix}.`),
    ),
  );
  return [...expanded(root, scope, ''), ...called];
}

/** Empty lists and maps stay names: what people put into them is not known. */
function knownDefaults({ variable }: Folder): Block {
  const defaults = Object.entries(variable).map(([name, { default: value }]) => [name, value] as const);
  return Object.fromEntries(
    defaults.filter(
      ([, value]) =>
        typeof value === 'string' || typeof value === 'number' || (isBlock(value) && Object.keys(value)[0]),
    ),
  );
}

function expanded(folder: Folder, scope: Scope, prefix: string): Resource[] {
  return Object.entries(folder.resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).flatMap(([name, block]) =>
      instancesOf(block, scope).map(({ suffix, body }) => ({
        address: `${prefix}${type}.${name}${suffix}`,
        type,
        body,
      })),
    ),
  );
}

/** One instance for each entry of `for_each`; a single one when its entries are not written out. */
function instancesOf({ for_each, ...block }: Block, scope: Scope): { suffix: string; body: Block }[] {
  const each = resolve(withoutCondition(for_each), scope);
  if (!isBlock(each)) return [{ suffix: '', body: resolve({ ...block, for_each }, scope) as Block }];
  return Object.entries(each).map(([key, value]) => ({
    suffix: `["${key}"]`,
    body: resolve(block, { ...scope, each: { key, value } }) as Block,
  }));
}

/** `{ for a, b in local.table : a => b if ... }` -> `local.table`: entries of some deployments count too. */
function withoutCondition(value: unknown): unknown {
  const filtered = /^\$\{\{ for (\w+), (\w+) in (local\.\w+) : \1 => \2 if .+\}\}$/.exec(String(value));
  return filtered === null ? value : `\${${String(filtered[3])}}`;
}

/** Fills in what local values, variables and `each` stand for, as far as it is written out. */
function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (isBlock(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]));
  }
  return typeof value === 'string' ? resolveText(value, scope) : value;
}

function resolveText(value: string, scope: Scope): unknown {
  const whole = /^\$\{([^{}]*)\}$/.exec(value)?.[1];
  const found = whole === undefined ? undefined : lookUp(named(whole, scope), scope);
  if (found !== undefined) return found;
  const isExpression = whole !== undefined || /^\$\{(merge|\{)/.test(value);
  return isExpression ? withExpressions(value, scope) : withTexts(value, scope);
}

/** `local.table[var.name]` -> `local.table.value`. */
const named = (path: string, scope: Scope): string =>
  path.replace(/^(local\.\w+)\[(var\.\w+)\]$/, (_, table, key) => `${table}.${lookUp(key, scope)}`);

/** `"${var.project}-${local.suffix}"` with the texts that are known. */
function withTexts(template: string, scope: Scope): string {
  return template.replaceAll(/\$\{((?:local|var|each)\.[\w.]+)\}/g, (text, path: string) => {
    const part = lookUp(path, scope);
    return typeof part === 'string' || typeof part === 'number' ? String(part) : text;
  });
}

/** `merge(local.a, { ... })` with the expressions that `local.a` and others stand for. */
function withExpressions(expression: string, scope: Scope): string {
  const keyed = expression.replaceAll('[each.key]', (text) => (scope.each ? `["${scope.each.key}"]` : text));
  return keyed.replaceAll(/\b(?:local|var)\.\w+(?![\w.[])/g, (path) => {
    const part = lookUp(path, scope);
    if (typeof part === 'number') return String(part);
    if (typeof part !== 'string') return path;
    return /^\$\{([\s\S]*)\}$/.exec(part)?.[1] ?? JSON.stringify(part);
  });
}

function lookUp(path: string, scope: Scope): unknown {
  let at: unknown = scope;
  for (const step of path.split('.')) {
    if (!isBlock(at)) return undefined;
    if (!Object.hasOwn(at, step)) return path.startsWith('each.value.') ? null : undefined;
    at = at[step];
    // Arguments and `each` were resolved where they come from; local values belong to this scope.
    if (path.startsWith('local.') && at !== scope.local) at = resolve(at, scope);
  }
  return at;
}
