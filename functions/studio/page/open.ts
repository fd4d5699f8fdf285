import type { Capabilities } from './answers.ts';
import { problem, readPreview, sendParts } from './api.ts';
import type { Picture } from './editor.ts';
import { isHeic, isTiff, tiffSize } from './file-headers.ts';
import { type Pixels, type ReadMask, readMask } from './mask/read.ts';
import type { Photo } from './session.ts';
import { decimal, texts } from './texts.ts';

/** Larger pictures are shown from a copy: a decoded one takes 4 bytes a pixel. */
const maxShownPixels = 60_000_000;
const copySidePx = 4096;
/** From this size on a small copy makes drawing the whole picture quick. */
const smallFromPixels = 4_000_000;
const smallScale = 1 / 4;

const megabytes = (bytes: number) => `${decimal(bytes / 1e6)} MB`;
const megapixels = (pixels: number) => texts.megapixels(decimal(pixels / 1e6));

/**
 * Decodes a photo as it is displayed: its orientation is applied. The file itself is kept.
 *
 * @throws {ProblemError} `IMAGE_TOO_LARGE`, `FORMAT_UNSUPPORTED`.
 */
export async function openPicture({ file, uri }: Photo, { limits }: Capabilities): Promise<Picture> {
  if (file.size > limits.maxImageBytes) {
    const message = texts.photoTooLarge(megabytes(file.size), megabytes(limits.maxImageBytes));
    throw problem('IMAGE_TOO_LARGE', message);
  }
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const size = isTiff(head) ? await sizeOfTiff(file) : await sizeOfShown(file, head);
  const pixels = size.width * size.height;
  if (pixels > limits.maxImagePixels) {
    const message = texts.photoTooLarge(megapixels(pixels), megapixels(limits.maxImagePixels));
    throw problem('IMAGE_TOO_LARGE', message);
  }
  const { shown, upload } = isTiff(head) ? await previewOfTiff(file) : { shown: file, upload: undefined };
  const bitmap = await bitmapOf(shown, size).catch(() => {
    throw unreadable(file, head);
  });
  const small = pixels > smallFromPixels ? await scaled(bitmap, smallScale) : undefined;
  return { file, uri, upload, ...size, bitmap, small };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const unreadable = ({ name }: File, head: Uint8Array) =>
  problem('FORMAT_UNSUPPORTED', isHeic(head) ? texts.heic(name) : texts.notPicture(name));

/** What the browser can show by itself. Its size is known before it is decoded. */
async function sizeOfShown(file: File, head: Uint8Array): Promise<Size> {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(unreadable(file, head));
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** As large as a picture is shown at most. */
export const previewOf = (href: string, image: Parameters<typeof readPreview>[1]['image']): Promise<Blob> =>
  readPreview(href, { widthPx: copySidePx, image });

async function sizeOfTiff(file: File): Promise<Size> {
  const size = await tiffSize(file);
  if (size === undefined) throw problem('FORMAT_UNSUPPORTED', texts.unreadableTiff(file.name));
  return size;
}

/** No browser but one shows TIFF: it is uploaded once, and the service makes a preview. */
async function previewOfTiff(file: File) {
  const signal = new AbortController().signal;
  const upload = await sendParts(file, { onSent: () => undefined, signal });
  return { upload, shown: await previewOf(`uploads/${upload}`, { upload }) };
}

/** The pixels that are shown: all of them, or a copy where there are too many. */
export function bitmapOf(file: Blob, { width, height }: Size): Promise<ImageBitmap> {
  if (width * height <= maxShownPixels) return createImageBitmap(file);
  const scale = copySidePx / Math.max(width, height);
  return createImageBitmap(file, resizedTo(width * scale, height * scale));
}

const resizedTo = (width: number, height: number): ImageBitmapOptions => ({
  resizeWidth: Math.max(1, Math.round(width)),
  resizeHeight: Math.max(1, Math.round(height)),
  resizeQuality: 'medium',
});

const scaled = (bitmap: ImageBitmap, scale: number) =>
  createImageBitmap(bitmap, resizedTo(bitmap.width * scale, bitmap.height * scale));

/** Rows that are read at once: some browsers refuse canvases above 16 megapixels. */
const stripRows = 512;

/**
 * Reads a mask of the size of its picture, or scales another one to it: each pixel is its nearest one.
 *
 * @throws {ProblemError} `MASK_SIZE_MISMATCH`, `FORMAT_UNSUPPORTED`.
 */
export async function openMask(
  file: Blob & { readonly name?: string },
  { width, height }: Picture,
  isScaled = false,
): Promise<ReadMask> {
  // Neither colours nor alpha are converted: the values of the file count.
  const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw problem('MASK_UNREADABLE', texts.notPicture(file.name ?? 'mask'));
  });
  if (!isScaled && (bitmap.width !== width || bitmap.height !== height)) {
    const message = texts.maskSize(`${width} x ${height}`, `${bitmap.width} x ${bitmap.height}`);
    throw problem('MASK_SIZE_MISMATCH', message);
  }
  const read = readMask(pixelsOf(bitmap, { width, height }));
  bitmap.close();
  return read;
}

function pixelsOf(bitmap: ImageBitmap, { width, height }: Size): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  const context = new OffscreenCanvas(width, Math.min(height, stripRows)).getContext('2d', {
    willReadFrequently: true,
  })!;
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += stripRows) {
    const rows = Math.min(stripRows, height - top);
    context.clearRect(0, 0, width, stripRows);
    context.drawImage(bitmap, 0, -top, width, height);
    data.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return { width, height, data };
}

/** The sample as a file; its bytes are loaded when it is asked for. */
export async function sampleFile(): Promise<File> {
  const { default: antelope } = await import('./antelope.json', { with: { type: 'json' } });
  const bytes = Uint8Array.from(atob(antelope.base64), (byte) => byte.charCodeAt(0));
  return new File([bytes], 'antelope.jpg', { type: 'image/jpeg' });
}
