import type { JobOutput } from './answers.ts';
import type { Manifest } from './api.ts';
import type { Editor, Picture } from './editor.ts';
import { drawDifference, emptyDifference, worstSeam } from './mask/difference.ts';
import type { Point } from './mask/shapes.ts';
import type { Area, TileMask } from './mask/tiles.ts';
import { bitmapOf, previewOf } from './open.ts';

/** A result is looked at: its pixels, where it differs, and where its seam is worst. */

/** A result as it is shown; where the browser cannot decode it, the service makes it smaller. */
export const resultBitmap = (file: Blob, { href, uri }: JobOutput, picture: Picture): Promise<ImageBitmap> =>
  bitmapOf(file, picture).catch(async () => createImageBitmap(await previewOf(href, { uri })));

/** Puts a result on the clipboard. Browsers take PNG there, and the promise of one. */
export function copyResult(file: Blob, output: JobOutput, picture: Picture): Promise<void> {
  const png = file.type === 'image/png' ? file : resultBitmap(file, output, picture).then(pngOf);
  return navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}

async function pngOf(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}

const stripRows = 512;
const pause = () => new Promise((resolve) => setTimeout(resolve));

export interface Difference {
  readonly bitmap: ImageBitmap;
  /** Pixels outside the mask that differ; `undefined` where only smaller copies are at hand. */
  readonly differing: number | undefined;
}

/** Compares both pictures strip by strip, so that the page goes on answering. */
export async function findDifference(
  mask: TileMask,
  original: ImageBitmap,
  result: ImageBitmap,
): Promise<Difference> {
  const isWhole = [original, result].every(
    ({ width, height }) => width === mask.width && height === mask.height,
  );
  const shown = emptyDifference(mask);
  const canvas = contextOf(mask.width, Math.min(mask.height, stripRows));
  let differing = 0;
  for (let top = 0; top < mask.height; top += stripRows) {
    const bottom = Math.min(mask.height, top + stripRows);
    const area = { left: 0, top, right: mask.width, bottom };
    const [one, other] = [original, result].map((bitmap) => partOf(canvas, { bitmap, mask, area })) as [
      Pixels,
      Pixels,
    ];
    differing += drawDifference(mask, { top, original: one, result: other }, shown);
    await pause();
  }
  const bitmap = await createImageBitmap(new ImageData(shown.data, shown.width, shown.height));
  return { bitmap, differing: isWhole ? differing : undefined };
}

type Pixels = Uint8ClampedArray<ArrayBuffer>;

const contextOf = (width: number, height: number) =>
  new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;

interface Source {
  readonly bitmap: ImageBitmap;
  readonly mask: TileMask;
  readonly area: Area;
}

/** An area of a picture, in the pixels of the mask; smaller copies are enlarged. */
function partOf(context: OffscreenCanvasRenderingContext2D, { bitmap, mask, area }: Source): Pixels {
  const [width, height] = [area.right - area.left, area.bottom - area.top];
  const [scaleX, scaleY] = [bitmap.width / mask.width, bitmap.height / mask.height];
  const from = [area.left * scaleX, area.top * scaleY, width * scaleX, height * scaleY] as const;
  context.clearRect(0, 0, width, height);
  context.drawImage(bitmap, ...from, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** The areas of a result, the one with the worst seam first. */
export function areasOf({ regions }: Manifest, index: number): Area[] {
  // Outputs are sorted by their fits, the best first.
  const seamOf = ({ fits }: Manifest['regions'][number]) =>
    [...fits].sort((a, b) => a.cost - b.cost)[index - 1]?.seam ?? 0;
  return [...regions]
    .sort((a, b) => seamOf(b) - seamOf(a))
    .map(({ box: { left, top, width, height } }) => ({
      left,
      top,
      right: left + width,
      bottom: top + height,
    }));
}

/** Where to look in an area: at the worst part of the seam, else at its middle. */
export function seamIn({ mask, comparison }: Editor, area: Area): Point {
  const middle = { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 };
  if (comparison === undefined) return middle;
  const context = contextOf(area.right - area.left, area.bottom - area.top);
  const data = partOf(context, { bitmap: comparison.bitmap, mask, area });
  return worstSeam(mask, { area, data }) ?? middle;
}
