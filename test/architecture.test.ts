import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

interface Layer {
  /** Files of the layer; the first layer that matches a file is its own. */
  readonly files: RegExp;
  readonly may: readonly RegExp[];
}

const builtIn = /^node:/;
const errors = /^lib\/errors\.ts$/;
const log = /^lib\/log\.ts$/;
const settings = /^lib\/settings\.ts$/;
const budget = /^lib\/jobs\/claim\/budget\.ts$/;
/** What tracing is; lib/trace/ records and exports spans. */
const trace = /^lib\/trace\.ts$/;
const pixels = /^lib\/pixels\//;
const fit = /^lib\/fit\//;
const plan = /^lib\/plan\//;
const formats = /^lib\/formats\//;
/** How TypeScript calls the kernels; their own sources are another language. */
const kernels = /^lib\/kernels\/[^/]+$/;
/** Segments, headers and entropy-coded data of a JPEG; and which pixels its blocks hold. */
const jpegScan = /^lib\/formats\/jpeg\/(scan|container)\//;
const jpegBlocks = /^lib\/formats\/jpeg\/block-mask\.ts$/;
const engineFiles = /^lib\/engines\//;
const finderFiles = /^lib\/finders\//;
/** What finders are, and the names of what they find. */
const finderInterface = /^lib\/finders\/(finder|modes)\.ts$/;
const engineInterface = /^lib\/engines\/engine\.ts$/;
const storeInterface = /^lib\/storage\/(store|transfers)\.ts$/;
const abort = /^lib\/abort\.ts$/;
const inParallel = /^lib\/in-parallel\.ts$/;
/** What people may ask for, as schemas, and what an engine makes of it. */
const requests = /^lib\/requests\//;
/** The table of options, its value lists and the types that follow: engines take their words from here. */
const requestOptions = /^lib\/requests\/(options|schema|values|mask-classes|nearest)\.ts$/;

/** What the code of each format may use: containers, metadata, and the shapes of rasters, boxes and masks. */
const sharedByFormats: readonly RegExp[] = [
  /^lib\/formats\/(container\.ts|metadata\/)/,
  /^lib\/pixels\/(raster|box|boxed-mask)\.ts$/,
  kernels,
  errors,
];

/** Imports point down. `docs/architecture.md` draws this table. */
const layers: readonly Layer[] = [
  // It runs in a browser, and knows the service by its answers alone.
  { files: /^functions\/studio\/page\//, may: [/^functions\/studio\/page\//] },
  // They check the tokens of callers, and ask for one.
  { files: /^functions\/(caller|cli\/identity)\.ts$/, may: [errors, builtIn, /^google-auth-library$/] },
  {
    files: /^functions\//,
    may: [
      /^functions\//,
      /^lib\/(wiring|config|abort|errors|log|edit|find-mask|generate|upscale)\.ts$/,
      requests,
      /^lib\/wiring\/(tracing|check-config)\.ts$/,
      trace,
      /^lib\/(jobs|http-jobs)\//,
      inParallel,
      /^package\.json$/,
      /^lib\/engines\/picture-engines\.ts$/,
      /^@google-cloud\/functions-framework$/,
      /^(zod|busboy)$/,
      builtIn,
    ],
  },
  { files: /^lib\/wiring(\.ts|\/)/, may: [/^lib\//, /^package\.json$/, builtIn] },
  { files: /^lib\/config\.ts$/, may: [settings, errors, budget, /^zod$/] },
  { files: settings, may: [budget, requests, engineFiles, finderFiles, /^zod$/] },
  { files: requestOptions, may: [errors, requestOptions, /^node:util$/, /^zod$/] },
  { files: requests, may: [errors, requests, engineFiles, /^zod$/] },
  {
    files: /^lib\/(edit\.ts|find-mask\.ts|only\.ts|edit\/)/,
    may: [
      /^lib\/(edit\.ts|find-mask\.ts|edit\/)/,
      pixels,
      fit,
      plan,
      formats,
      engineInterface,
      finderInterface,
      /^lib\/engines\/best-practice\.ts$/,
      errors,
      trace,
      requests,
    ],
  },
  { files: /^lib\/(generate|upscale)\.ts$/, may: [engineFiles, errors, requests] },
  {
    files: /^lib\/http-jobs\//,
    may: [
      /^lib\/(http-jobs|jobs)\//,
      /^lib\/storage\/(store|transfers|crc32c)\.ts$/,
      ...[abort, errors, inParallel, log, requests, builtIn, /^zod$/],
    ],
  },
  {
    files: /^lib\/jobs\//,
    may: [
      // How batches are written and read.
      /^lib\/engines\/batch\//,
      /^lib\/jobs\//,
      /^lib\/edit\.ts$/,
      /^lib\/engines\/(engine|engines|usage)\.ts$/,
      finderInterface,
      storeInterface,
      abort,
      errors,
      inParallel,
      log,
      trace,
      requests,
      builtIn,
      /^zod$/,
    ],
  },
  {
    files: /^lib\/engines\/vertex\//,
    may: [engineFiles, abort, errors, builtIn, /^(zod|google-auth-library)$/],
  },
  {
    files: /^lib\/engines\/onnx\/worker\.ts$/,
    may: [/^lib\/engines\/onnx\//, errors, builtIn, /^onnxruntime-web$/],
  },
  {
    files: engineFiles,
    may: [engineFiles, requestOptions, pixels, kernels, abort, errors, inParallel, builtIn, /^zod$/],
  },
  {
    files: finderFiles,
    may: [
      finderFiles,
      engineFiles,
      requestOptions,
      pixels,
      fit,
      plan,
      kernels,
      abort,
      errors,
      builtIn,
      /^zod$/,
    ],
  },
  // The proof knows nothing of what the splice computed: both share only the reading of a scan.
  { files: /^lib\/formats\/jpeg\/scan\//, may: [jpegScan, kernels, errors] },
  {
    files: /^lib\/formats\/jpeg\/proof\//,
    may: [/^lib\/formats\/jpeg\/proof\//, jpegBlocks, jpegScan, kernels, errors],
  },
  {
    files: /^lib\/formats\/jpeg\/splice\//,
    may: [/^lib\/formats\/jpeg\/splice\//, jpegBlocks, jpegScan, pixels, kernels, errors],
  },
  {
    files: /^lib\/storage\/gcs[^/]*\.ts$/,
    may: [/^lib\/storage\//, abort, errors, builtIn, /^@google-cloud\/storage$/],
  },
  { files: /^lib\/storage\//, may: [/^lib\/storage\//, abort, errors, builtIn] },
  {
    files: /^lib\/formats\/vips\//,
    may: [formats, pixels, kernels, engineInterface, errors, /^sharp$/, builtIn],
  },
  // JPEG and PNG could each be published alone.
  { files: /^lib\/formats\/jpeg\//, may: [/^lib\/formats\/jpeg\//, ...sharedByFormats] },
  {
    files: /^lib\/formats\/png\//,
    may: [/^lib\/formats\/png\//, ...sharedByFormats, /^node:(zlib|stream|util)$/],
  },
  { files: formats, may: [formats, pixels, kernels, errors] },
  { files: plan, may: [plan, pixels, engineInterface, errors] },
  { files: fit, may: [fit, plan, pixels, kernels, errors] },
  { files: pixels, may: [pixels, kernels, errors] },
  { files: kernels, may: [kernels, errors, /^node:fs$/] },
  { files: log, may: [/^pino$/, trace, builtIn] },
  { files: trace, may: [] },
  { files: /^lib\/trace\//, may: [trace, /^lib\/trace\//, log, errors, builtIn] },
  { files: abort, may: [errors, /^node:timers\/promises$/] },
  { files: errors, may: [] },
  { files: inParallel, may: [] },
];

const root = resolve(import.meta.dirname, '..');

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .filter((file) => !file.startsWith('lib/kernels/assembly/'));
}

/** Everything a file imports, also for types and dynamically; project files by their path from the root. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  );
  return [...found].map(([, static_, dynamic]) => {
    const specifier = static_ ?? dynamic ?? '';
    return specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier;
  });
}

function faultsOf(file: string, text: string): string[] {
  const layer = layers.find(({ files }) => files.test(file));
  if (layer === undefined) return [`${file} belongs to no layer`];
  return importsOf(file, text)
    .filter((imported) => !layer.may.some((pattern) => pattern.test(imported)))
    .map((imported) => `${file} must not import ${imported}`);
}

const sources = ['lib', 'functions'].flatMap(sourcesUnder);

test('imports point down', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.flatMap((file) => faultsOf(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('an import that points up is found', () => {
  expect(faultsOf('lib/fit/blend.ts', "import { sharp } from 'sharp';\n")).toEqual([
    'lib/fit/blend.ts must not import sharp',
  ]);
  expect(faultsOf('lib/edit.ts', "import type { Config } from './config.ts';\n")).toHaveLength(1);
  expect(faultsOf('lib/jobs/run/run.ts', "const x = await import('../../storage/gcs.ts');\n")).toHaveLength(
    1,
  );
});

test('no cycles', () => {
  const graph = new Map(
    sources.map((file) => [file, importsOf(file, readFileSync(join(root, file), 'utf8'))]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done' || !graph.has(file)) return;
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});
