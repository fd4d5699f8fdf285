import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JpegOptions } from 'sharp';
import type { Raster } from '../../lib/pixels/raster.ts';
import { encodeJpeg, encodeYcck, picture } from './jpeg-pictures.ts';

interface JpegKind {
  readonly name: string;
  readonly channels: 1 | 3 | 4;
  /** Encodes any picture with the same settings; by default one of 167 x 131. */
  readonly make: (raster?: Raster) => Promise<Uint8Array>;
}

type Encode = (raster: Raster) => Promise<Uint8Array>;

function kind(name: string, channels: JpegKind['channels'], encode: Encode): JpegKind {
  const usual = picture(167, 131, channels);
  return { name, channels, make: (raster = usual) => encode(raster) };
}

const bySharp =
  (options: JpegOptions): Encode =>
  (raster) =>
    encodeJpeg(raster, { quality: 90, ...options });

/** Runs a libjpeg-turbo program; they are in Debian's libjpeg-turbo-progs. */
export const run = (program: string, args: readonly string[], input: Uint8Array): Buffer =>
  execFileSync(program, args, { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });

export function isPresent(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: ['ignore', 'ignore', 'pipe'] });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
}

/** Through a binary PPM or PGM, which cjpeg reads. */
const byCjpeg =
  (...args: string[]): Encode =>
  async ({ width, height, channels, data }) => {
    const header = Buffer.from(`P${channels === 3 ? 6 : 5}\n${width} ${height}\n255\n`);
    const netpbm = Buffer.concat([header, data as Uint8Array]);
    return run('cjpeg', ['-quality', '90', ...args], netpbm);
  };

const inOneScanEach: Encode = async (raster) => {
  const folder = mkdtempSync(join(tmpdir(), 'scans-'));
  const script = join(folder, 'script');
  writeFileSync(script, '0;\n1;\n2;\n');
  try {
    return await byCjpeg('-scans', script)(raster);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const sharpKinds: JpegKind[] = [
  kind('4:2:0', 3, bySharp({ optimiseCoding: false })),
  kind('4:4:4', 3, bySharp({ chromaSubsampling: '4:4:4', optimiseCoding: false })),
  kind('4:2:0 optimised', 3, bySharp({})),
  kind('4:2:0 quality 30, optimised', 3, bySharp({ quality: 30 })),
  kind('4:4:4 quality 100', 3, bySharp({ quality: 100, chromaSubsampling: '4:4:4' })),
  kind('grey', 1, bySharp({})),
  kind('progressive 4:2:0', 3, bySharp({ progressive: true })),
  kind('progressive 4:4:4', 3, bySharp({ progressive: true, chromaSubsampling: '4:4:4' })),
  kind('progressive grey', 1, bySharp({ progressive: true })),
  kind('CMYK', 4, bySharp({})),
  kind('CMYK progressive', 4, bySharp({ progressive: true })),
  kind('YCCK', 4, (raster) => encodeYcck(raster, { quality: 90 })),
];

/** Other samplings, RGB, restart markers, one scan for each component: sharp does not write them. */
const cjpegKinds: JpegKind[] = [
  kind('4:2:2', 3, byCjpeg('-sample', '2x1')),
  kind('4:4:0', 3, byCjpeg('-sample', '1x2')),
  kind('4:1:1', 3, byCjpeg('-sample', '4x1')),
  kind('4:1:0', 3, byCjpeg('-sample', '4x2')),
  kind('mixed sampling', 3, byCjpeg('-sample', '2x2,1x2,2x1')),
  kind('RGB', 3, byCjpeg('-rgb')),
  kind('restart every 3 MCUs', 3, byCjpeg('-restart', '3B')),
  kind('restart every row', 3, byCjpeg('-restart', '1')),
  kind('grey with restarts, optimised', 1, byCjpeg('-restart', '5B', '-optimize')),
  kind('one scan for each component', 3, inOneScanEach),
  kind('progressive with restarts', 3, byCjpeg('-progressive', '-restart', '2')),
  kind('progressive 4:1:1', 3, byCjpeg('-progressive', '-sample', '4x1')),
];

const hasPrograms = isPresent('cjpeg');
if (!hasPrograms) console.info(`cjpeg is not installed: ${cjpegKinds.length} kinds of JPEG are left out`);

/** One small file of each kind, made when asked for. */
export const jpegKinds: readonly JpegKind[] = [...sharpKinds, ...(hasPrograms ? cjpegKinds : [])];
