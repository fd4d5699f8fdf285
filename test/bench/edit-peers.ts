import { spawnSync } from 'node:child_process';
import type { EditCase } from './edit-inputs.ts';

/** Another program doing the easier job: a ready patch pasted into the picture, the file written again. */
export interface Peer {
  readonly name: string;
  /** Its version, or `undefined` where it is not on this machine. */
  readonly version: string | undefined;
  readonly formats: readonly EditCase['format'][];
  readonly command: (job: EditCase, output: string) => readonly [string, ...string[]];
}

const both = ['jpeg', 'png'] as const;

/**
 * The programs that people would reach for. Encoder settings are each program's own defaults, as for the
 * floor.
 */
export function peers(): Peer[] {
  return [
    {
      name: 'ImageMagick',
      version: versionOf(['convert', '-version'], /ImageMagick (\S+)/),
      formats: both,
      command: ({ image, patchPng, box }, output) => [
        'convert',
        image,
        patchPng,
        '-geometry',
        `+${box.left}+${box.top}`,
        '-composite',
        output,
      ],
    },
    {
      name: 'GraphicsMagick',
      version: versionOf(['gm', 'version'], /GraphicsMagick (\S+)/),
      formats: both,
      command: ({ image, patchPng, box }, output) => [
        'gm',
        'composite',
        '-geometry',
        `+${box.left}+${box.top}`,
        patchPng,
        image,
        output,
      ],
    },
    {
      name: 'libvips',
      version: versionOf(['vips', '--version'], /vips-(\S+)/),
      formats: both,
      command: ({ image, patchPng, box }, output) => [
        'vips',
        'insert',
        image,
        patchPng,
        output,
        String(box.left),
        String(box.top),
      ],
    },
    {
      name: 'Pillow',
      version: versionOf([python, '-c', 'import PIL; print(PIL.__version__)'], /(\S+)/),
      formats: both,
      command: (job, output) => [python, '-c', pillow, ...pasteArguments(job, output)],
    },
    {
      name: 'OpenCV',
      version: versionOf([python, '-c', 'import cv2; print(cv2.__version__)'], /(\S+)/),
      formats: both,
      command: (job, output) => [python, '-c', openCv, ...pasteArguments(job, output)],
    },
    {
      name: 'jpegtran -drop',
      version: versionOf(['jpegtran', '-version'], /version (\S+)/),
      formats: ['jpeg'],
      command: ({ image, patchJpeg, box }, output) => [
        'jpegtran',
        '-copy',
        'all',
        '-drop',
        `+${box.left}+${box.top}`,
        patchJpeg,
        '-outfile',
        output,
        image,
      ],
    },
  ];
}

/** The system's own: Debian's packages of Pillow and OpenCV are its. */
const python = '/usr/bin/python3';

const pillow = `
import sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
image, patch, out, left, top = sys.argv[1:]
picture = Image.open(image)
picture.paste(Image.open(patch), (int(left), int(top)))
picture.save(out)`;

const openCv = `
import sys
import cv2
image, patch, out, left, top = sys.argv[1:]
picture, part = cv2.imread(image, cv2.IMREAD_UNCHANGED), cv2.imread(patch)
h, w = part.shape[:2]
picture[int(top):int(top) + h, int(left):int(left) + w, :3] = part
cv2.imwrite(out, picture)`;

function pasteArguments({ image, patchPng, box }: EditCase, output: string): string[] {
  return [image, patchPng, output, String(box.left), String(box.top)];
}

function versionOf([command, ...args]: readonly [string, ...string[]], pattern: RegExp): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error || status !== 0) return undefined;
  return pattern.exec(stdout + stderr)?.[1];
}
