import { type Capabilities, problem } from './api.ts';
import type { Picture } from './editor.ts';
import { type Pixels, type ReadMask, readMask } from './mask/read.ts';
import { sampleColour, sampleSize } from './sample.ts';
import { texts } from './texts.en.ts';

/** Larger pictures are shown from a copy: a decoded one takes 4 bytes a pixel. */
const maxShownPixels = 60_000_000;
const copySidePx = 4096;
/** From this size on a small copy makes drawing the whole picture quick. */
const smallFromPixels = 4_000_000;

const megabytes = (bytes: number) => `${Math.round(bytes / 1e5) / 10} MB`;
const megapixels = (pixels: number) => `${Math.round(pixels / 1e5) / 10} megapixels`;

/**
 * Decodes a photo as it is displayed: its orientation is applied. The file itself is kept.
 *
 * @throws {ProblemError} `IMAGE_TOO_LARGE`, `FORMAT_UNSUPPORTED`.
 */
export async function openPicture(file: File, { limits }: Capabilities, uri?: string): Promise<Picture> {
  if (file.size > limits.maxImageBytes) {
    const message = texts.photoTooLarge(megabytes(file.size), megabytes(limits.maxImageBytes));
    throw problem('IMAGE_TOO_LARGE', message);
  }
  const whole = await createImageBitmap(file).catch(() => {
    throw problem('FORMAT_UNSUPPORTED', texts.notPicture(file.name));
  });
  const { width, height } = whole;
  const pixels = width * height;
  if (pixels > limits.maxImagePixels) {
    whole.close();
    const message = texts.photoTooLarge(megapixels(pixels), megapixels(limits.maxImagePixels));
    throw problem('IMAGE_TOO_LARGE', message);
  }
  const small = pixels > smallFromPixels ? await scaled(whole, 1 / 4) : undefined;
  if (pixels <= maxShownPixels) return { file, uri, width, height, bitmap: whole, small };
  const bitmap = await scaled(whole, copySidePx / Math.max(width, height));
  whole.close();
  return { file, uri, width, height, bitmap, small };
}

const scaled = (bitmap: ImageBitmap, scale: number) =>
  createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
    resizeQuality: 'medium',
  });

/** Rows that are read at once: some browsers refuse canvases above 16 megapixels. */
const stripRows = 512;

/**
 * Reads a mask of the size of its picture.
 *
 * @throws {ProblemError} `MASK_SIZE_MISMATCH`, `FORMAT_UNSUPPORTED`.
 */
export async function openMask(file: File, { width, height }: Picture): Promise<ReadMask> {
  // Neither colours nor alpha are converted: the values of the file count.
  const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw problem('MASK_UNREADABLE', texts.notPicture(file.name));
  });
  if (bitmap.width !== width || bitmap.height !== height) {
    const message = texts.maskSize(`${width} x ${height}`, `${bitmap.width} x ${bitmap.height}`);
    throw problem('MASK_SIZE_MISMATCH', message);
  }
  const read = readMask(pixelsOf(bitmap));
  bitmap.close();
  return read;
}

function pixelsOf(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const context = new OffscreenCanvas(width, Math.min(height, stripRows)).getContext('2d', {
    willReadFrequently: true,
  })!;
  for (let top = 0; top < height; top += stripRows) {
    const rows = Math.min(stripRows, height - top);
    context.clearRect(0, 0, width, stripRows);
    context.drawImage(bitmap, 0, -top);
    data.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return { width, height, data };
}

/** Rows of the sample that are painted before the page may answer again. */
const rowsAtOnce = 60;

/** The sample picture as a file; it is painted here, so nothing is loaded. */
export async function paintSample(): Promise<File> {
  const { width, height } = sampleSize;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  for (let top = 0; top < height; top += rowsAtOnce) {
    const image = context.createImageData(width, Math.min(rowsAtOnce, height - top));
    for (let at = 0; at < image.data.length; at += 4) {
      const pixel = at / 4;
      image.data.set(sampleColour(pixel % width, top + Math.floor(pixel / width)), at);
      image.data[at + 3] = 255;
    }
    context.putImageData(image, 0, top);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
  return new File([blob], 'beach.jpg', { type: 'image/jpeg' });
}
