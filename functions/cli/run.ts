import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { asEditError, type EditError } from '../../lib/errors.ts';
import { mapOrdered } from '../../lib/in-parallel.ts';
import { maxRequestBytes, readRequestFile } from '../../lib/requests/edit-request.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type CommandLine, mergedFields, readArguments, UsageError, usage } from './arguments.ts';
import type { Edited, Editing, Order } from './editing.ts';
import { leftOut, type Pair, pairsOf } from './pairs.ts';
import { type Streams, type Teller, teller } from './teller.ts';
import { assertFree, outputPath, writeWhole } from './write.ts';

interface RunOptions {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly streams: Streams;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Pauses before a server is asked again, ms. */
  readonly pausesMs?: readonly number[];
}

const exits = { done: 0, someFailed: 1, usage: 2, input: 3, passing: 4, setup: 5, interrupted: 130 } as const;

/** The whole command. @returns its exit code. */
export async function run(options: RunOptions): Promise<number> {
  const { streams, signal } = options;
  try {
    const line = readArguments(options.args);
    if (line.isHelp) streams.out(usage());
    else if (line.isVersion) streams.out(`${packageJson.version}\n`);
    else return await editAll(line, options);
    return exits.done;
  } catch (thrown) {
    if (signal.aborted) return exits.interrupted;
    if (thrown instanceof UsageError) {
      streams.err(`gcs-inpaint: ${thrown.message}\n`);
      return exits.usage;
    }
    const error = asEditError(thrown);
    streams.err(`gcs-inpaint: ${error.message} (${error.code}). ${error.remedy}\n`);
    return exitOf(error);
  }
}

const exitOf = ({ kind }: EditError): number => (kind === 'bug' ? exits.someFailed : exits[kind]);

interface Work {
  readonly line: CommandLine;
  readonly editing: Editing;
  /** Of the request file and the command line. */
  readonly fields: CommandLine['fields'];
  readonly streams: Streams;
  readonly tell: Teller;
  readonly signal: AbortSignal;
}

async function editAll(line: CommandLine, options: RunOptions): Promise<number> {
  const { streams, signal } = options;
  const file = line.requestFile === undefined ? {} : await readFields(line.requestFile);
  const fields = mergedFields(file, line.fields);
  const { pairs, alone } = await pairsOf(line, fields);
  if (!line.isDryRun) for (const pair of pairs) assertFree(pair, line.mayOverwrite);
  if (alone.length > 0 && !line.isQuiet) streams.err(`gcs-inpaint: ${leftOut(alone)}\n`);
  const editing = await editingFor(line, options);
  const tell = teller(streams, line.isQuiet || line.isJson);
  const work = { line, editing, fields, streams, tell, signal };
  const { failures, count } = await editPairs(pairs, work);
  const [first] = failures;
  if (signal.aborted) return exits.interrupted;
  if (first === undefined) return exits.done;
  if (pairs.length > 1) tell.note(`${failures.length} of ${count} photos failed.`);
  return pairs.length === 1 ? exitOf(first) : exits.someFailed;
}

/** Edits photos until one fails; with `--keep-going`, all. */
async function editPairs(pairs: readonly Pair[], work: Work) {
  const { line, signal } = work;
  const failures: EditError[] = [];
  let count = 0;
  const isOver = () => signal.aborted || (failures.length > 0 && !line.keepsGoing);
  const results = mapOrdered(pairs, line.atOnce, async (pair) => {
    if (isOver()) return;
    count++;
    const failure = await editOne(pair, work);
    if (failure !== undefined) failures.push(failure);
  });
  for await (const _ of results) if (isOver()) break;
  return { failures, count };
}

/** What works on pixels is loaded only where it is needed. */
async function editingFor(line: CommandLine, { environment, pausesMs }: RunOptions): Promise<Editing> {
  if (line.server !== undefined) return (await import('./there.ts')).editingThere(line, pausesMs);
  return (await import('./here.ts')).editingHere(line, environment);
}

async function readFields(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch(() => {
    throw new UsageError(`Expected a request file ${path}, found none`);
  });
  if (bytes.length > maxRequestBytes) throw new UsageError(`Expected a smaller request file than ${path}`);
  return readRequestFile(bytes);
}

/** @returns why it failed. */
async function editOne(pair: Pair, work: Work): Promise<EditError | undefined> {
  const { line, editing, tell, streams, signal } = work;
  try {
    const order = await orderOf(pair, work);
    if (line.isDryRun) {
      const plan = await editing.plan(order, signal);
      streams.out(`${JSON.stringify({ image: pair.image, plan }, null, line.isJson ? 0 : 2)}\n`);
      return undefined;
    }
    const started = performance.now();
    const onStage = (stage: string, fraction?: number) => tell.stage(pair.image, stage, fraction);
    const edited = await editing.edit(order, onStage, signal);
    const outputs = await writeAll(pair, edited, work);
    const ms = Math.round(performance.now() - started);
    report(pair, edited, { outputs, ms, work });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof UsageError || signal.aborted) throw thrown;
    const error = asEditError(thrown);
    const { code, message, remedy } = error;
    if (line.isJson)
      streams.out(`${JSON.stringify({ image: pair.image, error: { code, message, remedy } })}\n`);
    else tell.failed(pair.image, error);
    return error;
  }
}

async function orderOf({ image, mask, keep }: Pair, { fields }: Work): Promise<Order> {
  const bytesOf = async (path: string | undefined) => (path === undefined ? undefined : readFile(path));
  const [bytes, ofMask, ofKeep] = await Promise.all([readFile(image), bytesOf(mask), bytesOf(keep)]);
  return { image: bytes, imageName: basename(image), mask: ofMask, keep: ofKeep, fields };
}

async function writeAll({ target }: Pair, { outputs, manifest }: Edited, work: Work): Promise<string[]> {
  const { line, streams } = work;
  const paths: string[] = [];
  const [best] = outputs;
  if (target === '-' && best !== undefined) streams.out(best.bytes);
  if (target !== '-') {
    for (const [at, { bytes, extension }] of outputs.entries()) {
      const path = outputPath(target, at + 1, extension);
      await writeWhole(path, bytes, line.mayOverwrite);
      paths.push(path);
    }
  }
  if (line.manifest !== undefined) {
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeWhole(line.manifest, new TextEncoder().encode(text), line.mayOverwrite);
  }
  return paths;
}

interface Reported {
  readonly outputs: readonly string[];
  readonly ms: number;
  readonly work: Work;
}

function report({ image, mask }: Pair, edited: Edited, { outputs, ms, work }: Reported): void {
  const { engine, costEstimateUsd, warnings, proof } = edited;
  if (work.line.isJson && work.line.output !== '-') {
    const facts = { image, mask: mask ?? null, outputs, engine, costEstimateUsd, warnings, proof, ms };
    work.streams.out(`${JSON.stringify(facts)}\n`);
    return;
  }
  const seconds = (ms / 1000).toFixed(1);
  work.tell.done(image, `${outputs.join(', ') || 'written'} in ${seconds} s by ${engine}`);
  const notes = [...formatNotes(outputs[0], edited), ...proofNotes(proof), ...warnings];
  for (const note of notes) work.tell.note(`  ${note}`);
}

/** Other spellings of the extensions that results have. */
const spellings: Readonly<Record<string, string>> = { jpeg: 'jpg', jpe: 'jpg', jfif: 'jpg', tif: 'tiff' };

/** A name like `out.png` does not make a PNG of a JPEG. */
function formatNotes(path: string | undefined, { outputs: [best] }: Edited): readonly string[] {
  const named = extname(path ?? '')
    .slice(1)
    .toLowerCase();
  const isMeant = named === '' || (spellings[named] ?? named) === best?.extension;
  return isMeant ? [] : [`${path} holds ${best?.extension}, not ${named}: --output-format converts a photo`];
}

/** Nothing differs outside most masks; where it does, people want to know. */
function proofNotes(proof: unknown): readonly string[] {
  const { differingPixels = 0, comparedPixels = 0 } = (proof ?? {}) as Readonly<Record<string, number>>;
  const counted = `${differingPixels} of ${comparedPixels} pixels outside the mask differ`;
  return differingPixels > 0
    ? [`${counted}: they share JPEG blocks with its edge; --jpeg-blocks inside keeps them`]
    : [];
}
