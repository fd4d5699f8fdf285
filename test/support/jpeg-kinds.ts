import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JpegOptions } from 'sharp';
import type { Raster } from '../../lib/pixels/raster.ts';
import { encodeJpeg, encodeYcck, picture } from './jpeg-pictures.ts';

export interface JpegKind {
  readonly name: string;
  readonly channels: 1 | 3 | 4;
  /** The same settings for any picture; by default one of 167 x 131. */
  readonly make: (raster?: Raster) => Promise<Uint8Array>;
}

const width = 167;
const height = 131;
const colours = picture(width, height, 3);
const greys = picture(width, height, 1);
const inks = picture(width, height, 4);

/** Runs a libjpeg-turbo program; they are in Debian's libjpeg-turbo-progs. */
const run = (program: string, args: readonly string[], input: Uint8Array): Uint8Array =>
  execFileSync(program, args, { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });

export function isPresent(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: ['ignore', 'ignore', 'pipe'] });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
}

/** A binary PPM or PGM, which cjpeg reads. */
const netpbm = ({ width, height, channels, data }: Raster): Uint8Array =>
  Buffer.concat([
    Buffer.from(`P${channels === 3 ? 6 : 5}
${width} ${height}
255
`),
    data as Uint8Array,
  ]);

const cjpeg =
  (...args: string[]) =>
  async (raster: Raster = colours) =>
    run('cjpeg', args, netpbm(raster));
const bySharp =
  (options: JpegOptions) =>
  (raster: Raster = colours) =>
    encodeJpeg(raster, options);

/** Kinds only libjpeg-turbo's own programs write: other samplings, RGB, restart markers, one scan per component. */
const programKinds: JpegKind[] = [
  { name: '4:2:2', channels: 3, make: cjpeg('-quality', '90', '-sample', '2x1') },
  { name: '4:4:0', channels: 3, make: cjpeg('-quality', '90', '-sample', '1x2') },
  { name: '4:1:1', channels: 3, make: cjpeg('-quality', '90', '-sample', '4x1') },
  { name: '4:1:0', channels: 3, make: cjpeg('-quality', '90', '-sample', '4x2') },
  {
    name: 'mixed sampling',
    channels: 3,
    make: cjpeg('-quality', '90', '-sample', '2x2,1x2,2x1'),
  },
  { name: 'RGB', channels: 3, make: cjpeg('-quality', '90', '-rgb') },
  {
    name: 'restart every 3 MCUs',
    channels: 3,
    make: cjpeg('-quality', '90', '-restart', '3B'),
  },
  {
    name: 'restart every row',
    channels: 3,
    make: cjpeg('-quality', '90', '-restart', '1'),
  },
  {
    name: 'grey with restarts, optimised',
    channels: 1,
    make: (raster = greys) => cjpeg('-quality', '90', '-restart', '5B', '-optimize')(raster),
  },
  {
    name: 'one scan for each component',
    channels: 3,
    make: async (raster = colours) => {
      const folder = mkdtempSync(join(tmpdir(), 'scans-'));
      const script = join(folder, 'script');
      writeFileSync(script, '0;\n1;\n2;\n');
      try {
        return await cjpeg('-quality', '90', '-scans', script)(raster);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  {
    name: 'progressive with restarts',
    channels: 3,
    make: cjpeg('-progressive', '-restart', '2'),
  },
  {
    name: 'progressive 4:1:1',
    channels: 3,
    make: cjpeg('-progressive', '-sample', '4x1'),
  },
];

const sharpKinds: JpegKind[] = [
  {
    name: '4:2:0',
    channels: 3,
    make: bySharp({ quality: 90, optimiseCoding: false }),
  },
  {
    name: '4:4:4',
    channels: 3,
    make: bySharp({ quality: 90, chromaSubsampling: '4:4:4', optimiseCoding: false }),
  },
  { name: '4:2:0 optimised', channels: 3, make: bySharp({ quality: 90 }) },
  {
    name: '4:2:0 quality 30, optimised',
    channels: 3,
    make: bySharp({ quality: 30 }),
  },
  {
    name: '4:4:4 quality 100',
    channels: 3,
    make: bySharp({ quality: 100, chromaSubsampling: '4:4:4' }),
  },
  {
    name: 'grey',
    channels: 1,
    make: (raster = greys) => encodeJpeg(raster, { quality: 90 }),
  },
  {
    name: 'progressive 4:2:0',
    channels: 3,
    make: bySharp({ quality: 90, progressive: true }),
  },
  {
    name: 'progressive 4:4:4',
    channels: 3,
    make: bySharp({ quality: 90, progressive: true, chromaSubsampling: '4:4:4' }),
  },
  {
    name: 'progressive grey',
    channels: 1,
    make: (raster = greys) => encodeJpeg(raster, { quality: 90, progressive: true }),
  },
  { name: 'CMYK', channels: 4, make: (raster = inks) => encodeJpeg(raster, { quality: 90 }) },
  {
    name: 'CMYK progressive',
    channels: 4,
    make: (raster = inks) => encodeJpeg(raster, { quality: 90, progressive: true }),
  },
  { name: 'YCCK', channels: 4, make: (raster = inks) => encodeYcck(raster, { quality: 90 }) },
];

const hasPrograms = isPresent('cjpeg');
if (!hasPrograms) console.info(`cjpeg is not installed: ${programKinds.length} kinds of JPEG are left out`);

/** One small file of each kind, made when asked for. */
export const jpegKinds: readonly JpegKind[] = [...sharpKinds, ...(hasPrograms ? programKinds : [])];
