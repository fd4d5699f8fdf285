import assert from 'node:assert/strict';
import { type EditOutput, type EditReport, editor } from '../../lib/edit.ts';
import type { InpaintEngine, InpaintRequest } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import type { Limits } from '../../lib/formats/vips/header.ts';
import { openAvif, sharp } from '../../lib/formats/vips/loaders.ts';
import { boundingBox, intersect } from '../../lib/pixels/box.ts';
import { type Orientation, toStored } from '../../lib/pixels/orientation.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { decodedValues } from './decoded-values.ts';
import { paintEngine } from './engines.ts';
import { fileFacts } from './file-facts.ts';
import { kindSize } from './format-kinds/pictures.ts';
import type { FormatKind } from './format-kinds.ts';
import { boxMask, maskPng } from './pictures.ts';

/** What the table of formats says of one kind of file. */
interface FormatRow {
  /** `exact`, `touched-blocks`, `re-encoded` with its reason, or `refused` with its code. */
  readonly written: string;
  /** Where decoded values differ outside the mask. */
  readonly differing: string;
  /** Parts of the file that did not change. */
  readonly kept: string;
  /** Parts that changed or are gone. */
  readonly changed: string;
  /** What the manifest reports. */
  readonly reported: string;
}

/** A refusal must come from this project, not from a closed decoder. */
openAvif();

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 4, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 0 };
const never = new AbortController().signal;

/** A model that brightens everything, moves the picture by a pixel, and paints the masked area grey. */
function driftingPaint({ crop, mask }: InpaintRequest): Raster {
  const { width, height } = crop;
  const data = Uint8Array.from(crop.data);
  for (let p = 0; p < width * height; p++) {
    const from = p % width === width - 1 ? p : p + 1;
    for (let c = 0; c < 3; c++) {
      data[3 * p + c] = mask?.data[p] ? 110 + 20 * c : Math.min(255, crop.data[3 * from + c]! + 4);
    }
  }
  return { ...crop, data };
}

/** Edits every file of a kind and compares input and output with other decoders than this project's. */
export async function rowOf({ make, request = {}, acceptsAvif = false }: FormatKind): Promise<FormatRow> {
  const rows: FormatRow[] = [];
  for (const image of await make()) rows.push(await rowOfFile(image, request, { ...limits, acceptsAvif }));
  const all = (name: keyof FormatRow) =>
    [...new Set(rows.map((row) => row[name]).filter((text) => text !== ''))].join('; ');
  return {
    written: all('written'),
    differing: all('differing'),
    kept: all('kept'),
    changed: all('changed'),
    reported: all('reported'),
  };
}

async function rowOfFile(image: Uint8Array, request: object, limits: Limits): Promise<FormatRow> {
  const { engine } = paintEngine(driftingPaint);
  const model: InpaintEngine = {
    ...engine,
    // Only a result of model calls is marked.
    inpaint: async (asked, signal) => ({ ...(await engine.inpaint(asked, signal)), calls: 1 }),
  };
  const mask = await maskFor(image);
  try {
    const { outputs, report } = await editor({ engine: model, limits, defaults })(
      { image, mask: await maskPng(mask), request: parseRequest(request) },
      never,
    );
    const isSameFormat = !('outputFormat' in request);
    return await comparison({ image, mask, output: outputs[0]!, report, isSameFormat });
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return {
      written: `refused: ${error.code}`,
      differing: '',
      kept: '',
      changed: '',
      reported: error.message,
    };
  }
}

/** A box in the middle of the picture; an unreadable file gets the usual size. */
async function maskFor(image: Uint8Array): Promise<Mask> {
  const { autoOrient } = await sharp(image)
    .metadata()
    .catch(() => ({ autoOrient: kindSize }));
  const { width, height } = autoOrient;
  return boxMask(autoOrient, {
    left: Math.floor(width * 0.2),
    top: Math.floor(height * 0.2),
    width: Math.round(width * 0.6),
    height: Math.round(height * 0.6),
  });
}

interface Comparison {
  readonly image: Uint8Array;
  /** As displayed. */
  readonly mask: Mask;
  readonly output: EditOutput;
  readonly report: EditReport;
  readonly isSameFormat: boolean;
}

async function comparison({ image, mask, output, report, isSameFormat }: Comparison): Promise<FormatRow> {
  const before = await fileFacts(image);
  const after = await fileFacts(output.bytes);
  // Every row keeps these; the table does not repeat them.
  const alwaysKept = new Set([...ofAll, ...(isSameFormat ? ofTheFormat : [])]);
  for (const name of alwaysKept) assert.deepEqual([name, after.get(name)], [name, before.get(name)]);
  const names = [...before.keys()].filter((name) => !alwaysKept.has(name) && name !== 'format');
  const changed = names.filter((name) => after.get(name) !== before.get(name));
  const { outside, reason } = output.proof;
  // What is told of the answer is no matter of the format: the engine of these rows paints a flat grey.
  const ofFile = report.warnings.filter((warning) => !warning.startsWith('The answer for region'));
  const reported = [...report.droppedMetadata, ...ofFile];
  const silent = changed.filter((name) => name !== 'XMP');
  assert(silent.length === 0 || reported.length > 0 || reason, `Expected a word about ${silent}`);
  assert.equal(after.get('source type'), 'compositeWithTrainedAlgorithmicMedia');
  return {
    written: reason === undefined ? outside : `${outside}: ${reason}`,
    differing: await differing({ image, mask, output }),
    kept: names.filter((name) => after.get(name) === before.get(name)).join(', '),
    changed: changed.join(', '),
    reported: reported.join('; '),
  };
}

const ofAll: ReadonlySet<string> = new Set(['size', 'depth and colour', 'profile', 'orientation']);
/** Kept only within a format: another may have no room for them. */
const ofTheFormat: ReadonlySet<string> = new Set(['format', 'density']);

/** Compares in stored orientation, because of the blocks of JPEG. */
async function differing({
  image,
  mask,
  output,
}: Pick<Comparison, 'image' | 'mask' | 'output'>): Promise<string> {
  const before = await decodedValues(image);
  const after = await decodedValues(output.bytes);
  const { width, height, channels } = before;
  assert.deepEqual([after.width, after.height, after.channels], [width, height, channels]);
  const { orientation = 1, chromaSubsampling } = await sharp(image).metadata();
  const isSpliced = output.proof.outside === 'touched-blocks';
  const free = toStored(mask, orientation as Orientation);
  const touched = isSpliced ? withWholeBlocks(free, chromaSubsampling ?? '4:4:4') : free;
  const counts = { inside: 0, inBlocks: 0, beyond: 0 };
  for (let i = 0; i < before.data.length; i++) {
    if (before.data[i] === after.data[i]) continue;
    const p = Math.trunc(i / channels);
    counts[free.data[p] ? 'inside' : touched.data[p] ? 'inBlocks' : 'beyond']++;
  }
  assert(counts.inside > 0, 'Expected other values inside the mask, got the same');
  if (counts.beyond > 0) return 'everywhere';
  return counts.inBlocks > 0 ? '0 beyond the touched blocks' : '0';
}

/**
 * The box of a mask grown to whole blocks of a JPEG, and by the pixel to which a decoder spreads colour that
 * is stored at half the resolution.
 */
function withWholeBlocks(mask: Mask, sampling: string): Mask {
  const width = sampling === '4:2:0' || sampling === '4:2:2' ? 16 : 8;
  const height = sampling === '4:2:0' ? 16 : 8;
  const spread = width === 16 ? 1 : 0;
  const box = boundingBox(mask)!;
  const left = Math.floor(box.left / width) * width - spread;
  const top = Math.floor(box.top / height) * height - spread;
  const right = Math.ceil((box.left + box.width) / width) * width + spread;
  const bottom = Math.ceil((box.top + box.height) / height) * height + spread;
  return boxMask(
    mask,
    intersect({ left, top, width: right - left, height: bottom - top }, { ...mask, left: 0, top: 0 })!,
  );
}
