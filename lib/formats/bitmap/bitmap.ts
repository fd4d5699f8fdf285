import type { Raster, Size } from '../../pixels/raster.ts';

/** A file of plain pixels, its header read. libvips cannot open these formats; masks may have them. */
export interface Bitmap extends Size {
  readonly format: 'bmp' | 'pgm';
  /** The last of 4 channels is alpha. */
  readonly channels: 1 | 3 | 4;
  /**
   * Decodes the pixels, 8 bit. The size must have been checked before. @throws {Error} for a damaged file.
   */
  readonly decode: () => Raster;
}
