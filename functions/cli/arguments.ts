import { parseArgs } from 'node:util';
import { EditError } from '../../lib/errors.ts';
import { typedFields } from '../../lib/requests/edit-request.ts';
import { meant } from '../../lib/requests/nearest.ts';
import { options as requestOptions } from '../../lib/requests/options.ts';

/** What the command was told to do. */
export interface CommandLine {
  /** Photo and mask, photo alone, or a folder. */
  readonly paths: readonly string[];
  readonly output: string | undefined;
  /** One mask for every picture of a folder. */
  readonly mask: string | undefined;
  /** A mask of what is not to be copied into the fill, of the one photo. */
  readonly keep: string | undefined;
  readonly requestFile: string | undefined;
  /** Fields of the request, typed. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly engine: string | undefined;
  readonly model: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly manifest: string | undefined;
  readonly atOnce: number;
  readonly isRecursive: boolean;
  readonly isDryRun: boolean;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly mayOverwrite: boolean;
  readonly keepsGoing: boolean;
  readonly isHelp: boolean;
  readonly isVersion: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const texts = [
  'output',
  'mask',
  'keep',
  'remove',
  'request',
  'engine',
  'server',
  'token',
  'manifest',
  'jobs',
] as const;
const flags = [
  ...(['recursive', 'dry-run', 'json', 'quiet', 'force', 'keep-going'] as const),
  ...(['help', 'version'] as const),
];
const shorts = { output: 'o', help: 'h', version: 'V' } as const;

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `feather-px` -> `featherPx`, for every field of an edit. */
const fieldNames: ReadonlyMap<string, string> = new Map(
  Object.entries(requestOptions)
    .filter(([, { of }]) => (of as readonly string[]).includes('edit'))
    .map(([name]) => [kebab(name), name]),
);

const known = [...texts, ...flags, ...fieldNames.keys()];
const dashed = known.map((name) => `--${name}`);
const config = Object.fromEntries(
  known.map((name) => {
    const type = (flags as readonly string[]).includes(name) ? ('boolean' as const) : ('string' as const);
    const short = Object.hasOwn(shorts, name) ? shorts[name as keyof typeof shorts] : undefined;
    return [name, { type, ...(short && { short }) }];
  }),
);

/** @throws {UsageError} naming what is not known, and what was probably meant. */
export function readArguments(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(args);
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const has = (name: string) => values[name] === true;
  const given = [...fieldNames].flatMap(([option, field]) => {
    const value = text(option);
    return value === undefined || field === 'model' ? [] : [[field, value] as const];
  });
  return {
    paths: positionals,
    output: text('output'),
    mask: text('mask'),
    keep: text('keep'),
    requestFile: text('request'),
    fields: { ...foundBy(text('remove'), text('mask-prompt')), ...typedFields(new Map(given)) },
    engine: text('engine'),
    model: text('model'),
    server: text('server'),
    token: text('token'),
    manifest: text('manifest'),
    atOnce: countOf(text('jobs') ?? '1'),
    isRecursive: has('recursive'),
    isDryRun: has('dry-run'),
    isJson: has('json'),
    isQuiet: has('quiet'),
    mayOverwrite: has('force'),
    keepsGoing: has('keep-going'),
    isHelp: has('help'),
    isVersion: has('version'),
  };
}

/** `people`, or words for what a model shall find, instead of a mask. */
function foundBy(remove: string | undefined, prompt: string | undefined): CommandLine['fields'] {
  if (remove === 'people') return { maskMode: 'people' };
  const words = remove ?? prompt;
  return words === undefined ? {} : { maskMode: 'prompt', maskPrompt: words };
}

function parsed(args: readonly string[]) {
  const loose = parseArgs({ args: [...args], options: config, strict: false, tokens: true });
  for (const token of loose.tokens) {
    if (token.kind !== 'option' || known.includes(token.name)) continue;
    throw new UsageError(`Expected a known option, got ${token.rawName}${meant(token.name, dashed)}`);
  }
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (error) {
    // An option without its value, or a flag with one.
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const maxAtOnce = 64;

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= maxAtOnce) return count;
  throw new UsageError(`Expected --jobs of 1 to ${maxAtOnce}, got ${text}`);
}

/** A file of fields, below those of the command line. @throws {EditError} `REQUEST_INVALID`. */
export function mergedFields(file: unknown, fields: CommandLine['fields']): Record<string, unknown> {
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new EditError(
      'REQUEST_INVALID',
      'Expected the request file to be a JSON object, got another value',
    );
  return { ...file, ...fields };
}

/** Every option with its meaning. */
export function usage(): string {
  const fields = [...fieldNames].map(([option, name]) => {
    const { description } = requestOptions[name as keyof typeof requestOptions];
    // Descriptions are Markdown, for the documents.
    const plain = description.replaceAll('`', '').replaceAll(/\[(.+?)\]\((.+?)\)/g, 'docs/$2');
    return `  --${option.padEnd(20)} ${plain}`;
  });
  return `Edits photos; every pixel outside the mask stays untouched.

  gcs-inpaint PHOTO MASK [-o OUT]     one photo
  gcs-inpaint PHOTO --remove people   no mask: what is to go is found
  gcs-inpaint FOLDER [-o FOLDER]      every photo with a mask: photo.jpg and photo.mask.png;
                                      with --remove or --mask also those without

  -o, --output PATH      file, or folder for several; - for stdout; default PHOTO.edited.EXT beside it
  --mask FILE            one mask for every photo of the folder
  --keep FILE            white where nothing is copied into the fill from; in a folder photo.keep.png
  --remove WHAT          people, or words such as "the red car" for a model that finds them
  --recursive            folders in the folder too
  --request FILE.json    fields of the request; those of the command line go before
  --engine NAME          the engine to use instead of the embedded one
  --server URL           send to a function edit, or to a studio (any size, with progress)
  --token TOKEN          identity token for the server; by default that of gcloud or of
                         Application Default Credentials for https
  --dry-run              only tell what would be done and what it would cost
  --json                 one line of JSON for each photo on stdout
  --manifest FILE        write the report of the edit as JSON
  --jobs N               photos at once, 1 to 64
  --keep-going           go on after a photo that failed
  --force                replace files that exist; never a photo that is edited
  --quiet                print errors only
  -h, --help             -V, --version

Fields of the request:
${fields.join('\n')}

Exit code: 0 done, 1 some failed, 2 usage, 3 refused input, 4 passing fault, 5 setup, 130 interrupted.
`;
}
