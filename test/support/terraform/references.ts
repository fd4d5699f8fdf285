import { type Folder, nestedAll, type Rule, textsOf } from './configuration.ts';

/** Every `var.x`, `local.x`, `module.x.y`, `data.t.n` and `google_t.n` of an expression stands for something. */
export const referencesResolve: Rule = (_, { root, modules }) => [
  ...unresolved(root, modules),
  ...Object.entries(modules).flatMap(([path, folder]) =>
    unresolved(folder, {}).map((fault) => `${path}: ${fault}`),
  ),
];

/** What nothing refers to is a mistake too: a variable that does nothing when it is set. */
export const nothingIsUnused: Rule = (_, { root, modules }) =>
  [root, ...Object.values(modules)].flatMap((folder) => {
    const used = new Set(referencesOf(folder));
    const named = [
      ...Object.keys(folder.variable).map((name) => `var.${name}`),
      ...Object.keys(folder.local).map((name) => `local.${name}`),
    ];
    return named.filter((name) => !used.has(name)).map((name) => `Expected a use of ${name}, got none`);
  });

/** Terraform finds a circle only once it has its providers. */
export const nothingWaitsForItself: Rule = (_, { root, modules }) =>
  [root, ...Object.values(modules)].flatMap((folder) => {
    const waitsFor = new Map(partsOf(folder).map(([name, body]) => [name, references(body)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const follow = (name: string, way: readonly string[]): void => {
      if (way.includes(name)) circles.push([...way.slice(way.indexOf(name)), name].join(' -> '));
      if (way.includes(name) || done.has(name)) return;
      for (const next of waitsFor.get(name) ?? []) follow(next, [...way, name]);
      done.add(name);
    };
    for (const name of waitsFor.keys()) follow(name, []);
    return circles.map((circle) => `Expected no circle, got ${circle}`);
  });

const partsOf = ({ local, module, resource, data }: Folder): [string, unknown][] => [
  ...Object.entries(local).map(([name, value]): [string, unknown] => [`local.${name}`, value]),
  ...Object.entries(module).map(([name, body]): [string, unknown] => [`module.${name}`, body]),
  ...typed(resource),
  ...typed(data).map(([name, body]): [string, unknown] => [`data.${name}`, body]),
];

/** A module is given every argument it has no default for, and none that it does not know. */
export const modulesAreCalledRight: Rule = (_, { root, modules }) =>
  Object.entries(root.module).flatMap(([name, call]) => {
    const folder = modules[String(call['source'])];
    if (folder === undefined) return [`module.${name}: expected a folder ${String(call['source'])}`];
    const given = Object.keys(call).filter((key) => !ofModules.includes(key));
    const wanted = Object.keys(folder.variable).filter((key) => !('default' in (folder.variable[key] ?? {})));
    return [
      ...given.filter((key) => !folder.variable[key]).map((key) => `module.${name}: unknown argument ${key}`),
      ...wanted
        .filter((key) => !given.includes(key))
        .map((key) => `module.${name}: expected ${key}, got none`),
    ];
  });

const ofModules = ['source', 'version', 'count', 'for_each', 'providers', 'depends_on'];

function unresolved(folder: Folder, modules: Readonly<Record<string, Folder>>): string[] {
  const known = new Set([
    ...Object.keys(folder.variable).map((name) => `var.${name}`),
    ...Object.keys(folder.local).map((name) => `local.${name}`),
    ...typed(folder.resource).map(([name]) => name),
    ...typed(folder.data).map(([name]) => `data.${name}`),
    ...Object.entries(folder.module).flatMap(([name, call]) =>
      ['', ...Object.keys(modules[String(call['source'])]?.output ?? {})].map((output) =>
        output === '' ? `module.${name}` : `module.${name}.${output}`,
      ),
    ),
  ]);
  return [...new Set(referencesOf(folder))]
    .filter((reference) => !known.has(reference))
    .map((reference) => `Expected ${reference} to be declared`);
}

const typed = (blocks: Folder['resource']): [string, unknown][] =>
  Object.entries(blocks).flatMap(([type, named]) =>
    Object.entries(named).map(([name, body]): [string, unknown] => [`${type}.${name}`, body]),
  );

/** `module.http["edit"].url` counts as `module.http.url`. */
const pattern =
  /(?<![\w."-])(?:(?:var|local)\.\w+|data\.\w+\.\w+|module\.\w+(?:\["?[\w.]+"?\])?(?:\.\w+)?|(?:google|time|archive)_\w+\.\w+)/g;

function referencesOf({ variable, local, module, resource, data, output }: Folder): string[] {
  const validations = Object.values(variable).flatMap((body) => nestedAll(body, 'validation'));
  return namesIn([validations, local, module, resource, data, output]);
}

const namesIn = (value: unknown): string[] =>
  textsOf(value)
    .flatMap(expressionsOf)
    .flatMap((expression) => expression.match(pattern) ?? [])
    .map((reference) => reference.replace(/\["?[\w.]+"?\]/, ''));

/** Without the attribute: `module.http.url` waits for `module.http`. */
const references = (value: unknown): string[] =>
  namesIn(value).map((name) => name.replace(/^(module\.\w+)\..+$/, '$1'));

/** The insides of `${...}`, braces within counted. */
function expressionsOf(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', at)) {
    const start = at + 2;
    let depth = 1;
    for (at = start; at < text.length && depth > 0; at++) {
      if (text[at] === '{') depth++;
      if (text[at] === '}') depth--;
    }
    found.push(text.slice(start, at));
  }
  return found;
}
