import { performance } from 'node:perf_hooks';
import { type EditResult, editor } from '../../lib/edit.ts';
import { EditError } from '../../lib/errors.ts';
import { numberAt, openTiff } from '../../lib/formats/metadata/directory.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { dilate } from '../../lib/pixels/mask.ts';
import { type Orientation, toStored } from '../../lib/pixels/orientation.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { type Paint, paintEngine } from '../support/engines.ts';
import { jpegKinds } from '../support/format-kinds/jpeg.ts';
import { pngKinds } from '../support/format-kinds/png.ts';
import { tiffKinds } from '../support/format-kinds/tiff.ts';
import { webpKinds } from '../support/format-kinds/webp.ts';
import { boxMask, maskPng } from '../support/pictures.ts';
import { type Draw, drawFrom } from './draw.ts';
import { Finding, ourFaults, type Room } from './finding.ts';
import { jpegSegments, mutatedFile } from './mutate-files.ts';
import { chromaReachPx, type Witnessed, witnessed } from './witness.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 4e6 };
const defaults = { featherPx: 4, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 0 };
const deadlineMs = 30_000;

const kinds = Object.entries({ jpeg: jpegKinds, png: pngKinds, webp: webpKinds, tiff: tiffKinds }).flatMap(
  ([format, made]) => Object.entries(made).map(([name, make]) => ({ format, name, make })),
);
/** JPEGs have the most ways to be read. */
const formats = ['jpeg', 'jpeg', 'jpeg', 'jpeg', 'jpeg', 'png', 'png', 'webp', 'tiff', 'tiff'] as const;

/** What is masked shows what lies opposite: textured, and unlike what was there. */
const mirrored: Paint = ({ crop, mask }) => {
  const data = Uint8Array.from(crop.data);
  for (let p = 0; p < crop.width * crop.height; p++) {
    if (!mask?.data[p]) continue;
    const from = (p - (p % crop.width) + (crop.width - 1 - (p % crop.width))) * 3;
    data.set(crop.data.subarray(from, from + 3), p * 3);
  }
  return { ...crop, data };
};

const made = new Map<string, Promise<Uint8Array>>();
function fileOf(draw: Draw) {
  const format = draw.oneOf(formats);
  const kind = draw.oneOf(kinds.filter((one) => one.format === format));
  const key = `${format} ${kind.name}`;
  const file = made.get(key) ?? kind.make();
  made.set(key, file);
  return { ...kind, file };
}

/** Whole edits of pictures that are a little wrong. */
export const pictureRoom = async (): Promise<Room> => ({
  async attempt(seed) {
    const draw = drawFrom(seed);
    const { format, name, file } = fileOf(draw);
    const image = mutatedFile(await file, seed, draw);
    const size = await displayedSize(image);
    const mask = boxMask(size, partOf(size));
    const request = format === 'jpeg' && draw.chance(0.2) ? { jpegBlocks: 'inside' } : {};
    const result = await edited({ image, mask: await maskPng(mask), request }, `${format}, ${name}`);
    if (typeof result === 'string') return [`${format}: ${result}`];
    const proof = await checkOutside({ image, mask, result, what: `${format}, ${name}` });
    return [`${format}: ${proof}`];
  },
  async [Symbol.asyncDispose]() {},
});

/** Whole edits of a good picture with a mask that is a little wrong. */
export const maskRoom = async (): Promise<Room> => ({
  async attempt(seed) {
    const draw = drawFrom(seed);
    const image = await pngKinds['RGB 8 bit']!();
    const size = await displayedSize(image);
    const good = sharp(await maskPng(boxMask(size, partOf(size), draw.oneOf([255, 255, 128, 1]))));
    const format = draw.oneOf(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const);
    const mask = mutatedFile(await good.toFormat(format, { lossless: true }).toBuffer(), seed, draw);
    const polarity = draw.oneOf(['white', 'black'] as const);
    const result = await edited({ image, mask, request: { polarity } }, `mask, ${format}`);
    return [`mask ${format}: ${typeof result === 'string' ? result : 'published'}`];
  },
  async [Symbol.asyncDispose]() {},
});

interface Input {
  readonly image: Uint8Array;
  readonly mask: Uint8Array;
  readonly request: object;
}

/** The result, or the code of the refusal. @throws {Finding} for what is no refusal, or takes too long. */
async function edited({ image, mask, request }: Input, what: string): Promise<EditResult | string> {
  const { engine } = paintEngine(mirrored);
  const started = performance.now();
  try {
    const edit = editor({ engine, limits, defaults });
    return await edit({ image, mask, request: parseRequest(request) }, AbortSignal.timeout(deadlineMs));
  } catch (error) {
    if (!(error instanceof EditError)) throw new Finding(`${what}: ${String(error)}`);
    const isOurs = ourFaults.test(error.code) || error.kind !== 'input';
    if (isOurs) throw new Finding(`${what}: ${error.code} ${error.message} ${String(error.cause ?? '')}`);
    return error.code;
  } finally {
    const ms = performance.now() - started;
    if (ms > deadlineMs) console.error(`${what}: took ${Math.round(ms)} ms`);
  }
}

/** A file that nobody can read gets any size. */
async function displayedSize(image: Uint8Array) {
  const { autoOrient } = await sharp(image, { limitInputPixels: false })
    .metadata()
    .catch(() => ({ autoOrient: { width: 48, height: 40 } }));
  const { width, height } = autoOrient;
  return width * height <= limits.maxImagePixels && width > 0 && height > 0
    ? autoOrient
    : { width: 48, height: 40 };
}

const partOf = ({ width, height }: { readonly width: number; readonly height: number }) => ({
  left: Math.floor(width * 0.3),
  top: Math.floor(height * 0.3),
  width: Math.max(1, Math.floor(width * 0.3)),
  height: Math.max(1, Math.floor(height * 0.3)),
});

interface Comparison {
  readonly image: Uint8Array;
  /** As displayed. */
  readonly mask: Mask;
  readonly result: EditResult;
  readonly what: string;
}

/**
 * @returns what was proved and who confirmed it. @throws {Finding} when something outside the mask differs.
 */
async function checkOutside({ image, mask, result, what }: Comparison): Promise<string> {
  const [output] = result.outputs;
  const { outside } = output!.proof;
  if (outside === 're-encoded') return outside;
  const before = await witnessed(image);
  if (before === undefined) return `${outside}, no witness`;
  const after = await witnessed(output!.bytes);
  if (after === undefined) throw new Finding(`${what}: the witness reads the input, but not the output`);
  const { orientation = 1 } = await sharp(image).metadata();
  const stored = toStored<Mask & Raster>(mask, orientation as Orientation);
  const allowed = outside === 'exact' ? stored : dilate(grownToBlocks(stored, image), chromaReachPx);
  const differing = differingOutside(before, after, allowed);
  const isRounded = differing > 0 && (await isSameToLibvips(image, output!.bytes, allowed));
  if (isRounded) return `${outside}, by libvips alone`;
  if (differing > 0)
    throw new Finding(`${what}: ${differing} samples differ outside the mask, though ${outside}`);
  return `${outside}, confirmed`;
}

/**
 * Three kinds of TIFF are read in another way by ImageMagick. It divides colours that are multiplied with
 * alpha in its own rounding, and reads palettes in 16 bit, where libvips reads 8. Where RowsPerStrip is
 * missing, which means one strip, it reads other pixels than libtiff.
 */
async function isSameToLibvips(image: Uint8Array, output: Uint8Array, allowed: Mask): Promise<boolean> {
  if (!/^(II|MM)/.test(Buffer.from(image.subarray(0, 2)).toString('latin1'))) return false;
  const all = isReadOtherwise(image);
  const [before, after] = [await leniently(image, all), await leniently(output, all)];
  return before !== undefined && after !== undefined && differingOutside(before, after, allowed) === 0;
}

function isReadOtherwise(image: Uint8Array): boolean {
  const opened = openTiff(image);
  if (opened === undefined) return false;
  const { tiff, directory } = opened;
  const isPalette = numberAt(tiff, directory, 262) === 3;
  return isPalette || numberAt(tiff, directory, 278) === undefined;
}

/** Every sample of a TIFF, whatever libvips warns of; `undefined` without alpha, unless all are asked for. */
async function leniently(bytes: Uint8Array, all: boolean): Promise<Witnessed | undefined> {
  const { data, info } = await sharp(bytes, { failOn: 'none', ignoreIcc: true })
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 4 && !all) return undefined;
  return { ...info, samples: new Uint16Array(Uint8Array.from(data).buffer) };
}

function differingOutside(before: Witnessed, after: Witnessed, allowed: Mask): number {
  if (before.width !== allowed.width || before.height !== allowed.height) return 0;
  if (after.samples.length !== before.samples.length) return before.samples.length;
  const channels = before.samples.length / allowed.data.length;
  let differing = 0;
  for (let i = 0; i < before.samples.length; i++) {
    if (before.samples[i] !== after.samples[i] && allowed.data[Math.floor(i / channels)] === 0) differing++;
  }
  return differing;
}

/** The mask and all that is coded together with it: whole units of the frame's largest sampling. */
function grownToBlocks(mask: Mask, jpeg: Uint8Array): Mask {
  const { across, down } = unitOf(jpeg);
  const data = new Uint8Array(mask.data.length);
  const { width, height } = mask;
  for (let top = 0; top < height; top += down)
    for (let left = 0; left < width; left += across) {
      const [right, bottom] = [Math.min(width, left + across), Math.min(height, top + down)];
      let isTouched = false;
      for (let y = top; y < bottom && !isTouched; y++)
        isTouched = mask.data.subarray(y * width + left, y * width + right).some((value) => value > 0);
      if (isTouched) for (let y = top; y < bottom; y++) data.fill(255, y * width + left, y * width + right);
    }
  return { ...mask, data };
}

/** Sides of a coded unit, px: 8 times the largest sampling factors of the frame header. */
function unitOf(jpeg: Uint8Array): { across: number; down: number } {
  const bytes = Buffer.from(jpeg);
  const frame = jpegSegments(bytes).find(({ marker }) => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4);
  if (frame === undefined) return { across: 8, down: 8 };
  const factors = Array.from({ length: bytes[frame.from + 9]! }, (_, c) => bytes[frame.from + 11 + 3 * c]!);
  return {
    across: 8 * Math.max(...factors.map((f) => f >> 4)),
    down: 8 * Math.max(...factors.map((f) => f & 15)),
  };
}
