import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHcl } from './parse-hcl.ts';

/** A block as hcl2json gives it: nested blocks are arrays, expressions stay `${...}`. */
export interface Block {
  [name: string]: unknown;
}

/** One folder of Terraform, its files taken together. */
export interface Folder {
  readonly variable: Record<string, Block>;
  readonly output: Record<string, Block>;
  readonly local: Block;
  readonly module: Record<string, Block>;
  /** By type, then by name. */
  readonly resource: Record<string, Record<string, Block>>;
  readonly data: Record<string, Record<string, Block>>;
}

export interface Configuration {
  readonly root: Folder;
  /** Folders of local modules, by the `source` they are called by. */
  readonly modules: Record<string, Folder>;
}

/** A resource as it will be made: instances of `for_each` apart, arguments of modules put in where they are known. */
export interface Resource {
  /** E.g. `module.http["edit"].google_service_account.this`. */
  readonly address: string;
  readonly type: string;
  readonly body: Block;
}

/** Names what is wrong, one sentence each; nothing when all is well. */
export type Rule = (resources: readonly Resource[], configuration: Configuration) => string[];

export const ofType = (resources: readonly Resource[], type: string): Resource[] =>
  resources.filter((resource) => resource.type === type);
export const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '';

/** `value` is the whole expression `${reference}`. */
export const isReference = (value: unknown, reference: string): boolean => value === `\${${reference}}`;

export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first nested block of a name: `service_config`. */
export function nested(body: Block, name: string): Block {
  const value = body[name];
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value];
  return isBlock(first) ? first : {};
}

export function nestedAll(body: Block, name: string): Block[] {
  const value = body[name];
  return Array.isArray(value) ? (value as unknown[]).filter(isBlock) : [];
}

export async function readConfiguration(path: string): Promise<Configuration> {
  const root = await readFolder(path);
  const sources = Object.values(root.module).map(({ source }) => String(source));
  const modules: Record<string, Folder> = {};
  for (const source of new Set(sources)) modules[source] = await readFolder(join(path, source));
  return { root, modules };
}

async function readFolder(path: string): Promise<Folder> {
  const folder: Folder = { variable: {}, output: {}, local: {}, module: {}, resource: {}, data: {} };
  for (const file of readdirSync(path).filter((name) => name.endsWith('.tf'))) {
    const tree = (await parseHcl(file, readFileSync(join(path, file), 'utf8'))) as Block;
    for (const locals of nestedAll(tree, 'locals')) Object.assign(folder.local, locals);
    for (const kind of ['variable', 'output', 'module'] as const) addNamed(folder[kind], tree[kind]);
    for (const kind of ['resource', 'data'] as const) {
      for (const [type, blocks] of Object.entries(tree[kind] ?? {})) {
        folder[kind][type] ??= {};
        addNamed(folder[kind][type], blocks);
      }
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

/** Every resource of the root and of the modules it calls. */
export function resourcesOf({ root, modules }: Configuration): Resource[] {
  const scope: Scope = { local: root.local, var: {} };
  const called = Object.entries(root.module).flatMap(([name, call]) =>
    instancesOf(call, scope).flatMap(({ suffix, body }) => {
      const folder = modules[String(call['source'])];
      if (folder === undefined) return [];
      // What is neither given nor has a default is not set.
      const defaults = Object.entries(folder.variable).map(([key, { default: value = null }]) => [
        key,
        value,
      ]);
      const args = { ...Object.fromEntries(defaults), ...body } as Block;
      return expanded(folder, { local: folder.local, var: args }, `module.${name}${suffix}.`);
    }),
  );
  return [...expanded(root, scope, ''), ...called];
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

/** One for each entry of a `for_each` that is written out; one in all where it is only known when applied. */
function instancesOf({ for_each, ...block }: Block, scope: Scope): { suffix: string; body: Block }[] {
  const each = resolve(withoutCondition(for_each), scope);
  if (!isBlock(each)) return [{ suffix: '', body: resolve({ ...block, for_each }, scope) as Block }];
  return Object.entries(each).map(([key, value]) => ({
    suffix: `["${key}"]`,
    body: resolve(block, { ...scope, each: { key, value } }) as Block,
  }));
}

/** Entries of a table that only some deployments have are there, as far as rules go. */
function withoutCondition(value: unknown): unknown {
  const filtered = /^\$\{\{ for (\w+), (\w+) in (local\.\w+) : \1 => \2 if .+\}\}$/.exec(String(value));
  return filtered === null ? value : `\${${String(filtered[3])}}`;
}

const reference = /\$\{((?:local|var|each)\.[\w.]+)\}/g;

/** Puts in what local values, arguments and `each` stand for, as far as it is written out. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (isBlock(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]));
  }
  return typeof value === 'string' ? resolveText(value, scope) : value;
}

function resolveText(value: string, scope: Scope): unknown {
  const whole = /^\$\{([^{}]*)\}$/.exec(value)?.[1];
  const found = whole === undefined ? undefined : lookUp(whole, scope);
  if (found !== undefined) return found;
  const isExpression = whole !== undefined || /^\$\{(merge|concat|setunion)\(/.test(value);
  return isExpression ? inlined(value, scope) : filledIn(value, scope);
}

/** `"${var.project}-${local.suffix}"` with the texts that are known. */
function filledIn(template: string, scope: Scope): string {
  return template.replaceAll(reference, (text, path: string) => {
    const part = lookUp(path, scope);
    return typeof part === 'string' || typeof part === 'number' ? String(part) : text;
  });
}

/** `merge(local.a, { ... })` with the expression that `local.a` stands for. */
function inlined(expression: string, scope: Scope): string {
  const keyed = expression.replaceAll('[each.key]', (text) => (scope.each ? `["${scope.each.key}"]` : text));
  return keyed.replaceAll(/\b(?:local|var)\.\w+(?![\w.[])/g, (path) => {
    const part = lookUp(path, scope);
    if (typeof part !== 'string') return path;
    return /^\$\{([\s\S]*)\}$/.exec(part)?.[1] ?? JSON.stringify(part);
  });
}

/** Arguments and `each` were resolved where they come from; only local values are of this scope. */
function lookUp(path: string, scope: Scope): unknown {
  let at: unknown = scope;
  for (const step of path.split('.')) {
    if (!isBlock(at)) return undefined;
    if (!Object.hasOwn(at, step)) return path.startsWith('each.value.') ? null : undefined;
    at = at[step];
    if (path.startsWith('local.') && at !== scope.local) at = resolve(at, scope);
  }
  return at;
}

/** Every text of a tree. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
