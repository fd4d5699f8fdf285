/**
 * `node deploy/docs/openapi-changes.ts [REF]`: compares `openapi.json` with that of the last release, or of
 * another commit. What would break a caller must be named in the first part of CHANGELOG.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One change that may break a program of a caller. */
interface Breaking {
  readonly what: string;
  /** How CHANGELOG.md names it. */
  readonly name: string;
}

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Removed addresses, methods, fields and values, narrower ranges, other types, and new required fields. */
export function breakingChanges(before: Document, after: Document): readonly Breaking[] {
  const ofPaths = Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => after.paths[path]?.[method] === undefined)
      .map((method) => ({ what: `${method.toUpperCase()} ${path} is gone`, name: path })),
  );
  const { schemas } = after.components;
  const ofSchemas = Object.entries(before.components.schemas).flatMap(([name, schema]) => {
    const now = schemas[name];
    if (now === undefined) return [{ what: `${name} is gone`, name }];
    return schemaChanges(schema, now, { path: name, name, isRequest: name.endsWith('Request') });
  });
  return [...ofPaths, ...ofSchemas];
}

interface Place {
  readonly path: string;
  readonly name: string;
  /** Callers write it: only there a new required field breaks anything. */
  readonly isRequest: boolean;
}

function schemaChanges(before: Schema, after: Schema, place: Place): readonly Breaking[] {
  const { path, name, isRequest } = place;
  const tell = (what: string): Breaking => ({ what: `${path}: ${what}`, name });
  const gone = (before.enum ?? []).filter((value) => after.enum !== undefined && !after.enum.includes(value));
  const required = (after.required ?? []).filter((field) => !before.required?.includes(field));
  const own = [
    ...gone.map((value) => tell(`the value ${JSON.stringify(value)} is gone`)),
    ...(JSON.stringify(before.type) === JSON.stringify(after.type) ? [] : [tell('the type is another')]),
    ...((after.minimum ?? -Infinity) > (before.minimum ?? -Infinity)
      ? [tell('the least value is higher')]
      : []),
    ...((after.maximum ?? Infinity) < (before.maximum ?? Infinity)
      ? [tell('the largest value is lower')]
      : []),
    ...(isRequest
      ? required.map((field) => ({ what: `${path}.${field} is required now`, name: field }))
      : []),
  ];
  const items = before.items && after.items && schemaChanges(before.items, after.items, place);
  const fields = Object.entries(before.properties ?? {}).flatMap(([field, schema]) => {
    const now = after.properties?.[field];
    const at = { path: `${path}.${field}`, name: field, isRequest };
    return now === undefined ? [{ what: `${at.path} is gone`, name: field }] : schemaChanges(schema, now, at);
  });
  return [...own, ...(items ?? []), ...fields];
}

/** The changes that the first part of a changelog does not name in a code span. */
export function untold(changes: readonly Breaking[], changelog: string): readonly Breaking[] {
  const [, first = ''] = changelog.split(/^## /m);
  return changes.filter(({ name }) => !first.includes(`\`${name}\``));
}

const file = 'functions/studio/openapi.json';
const root = join(import.meta.dirname, '../..');
const git = (...args: string[]) =>
  execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e8,
  });

/** The commit with the interface of 0.2.0, until there is a tag. */
const firstContract = '0ccd3cfc828a';

function lastRelease(): string {
  try {
    return git('describe', '--tags', '--abbrev=0').trim();
  } catch {
    return firstContract;
  }
}

/** `undefined` where the history is not there, as in a shallow clone. */
function released(ref: string): Document | undefined {
  try {
    return JSON.parse(git('show', `${ref}:${file}`));
  } catch {
    return undefined;
  }
}

function main(ref: string): void {
  const before = released(ref);
  if (before === undefined) {
    console.log(`No interface to compare with at ${ref}.`);
    return;
  }
  const now = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const changes = breakingChanges(before, now);
  for (const { what } of changes) console.log(what);
  const silent = untold(changes, readFileSync(join(root, 'CHANGELOG.md'), 'utf8'));
  if (silent.length === 0) return;
  console.error(
    `Expected lines in CHANGELOG.md that name ${silent.map(({ name }) => `\`${name}\``).join(', ')}`,
  );
  process.exitCode = 1;
}

if (import.meta.main) main(process.argv[2] ?? lastRelease());
