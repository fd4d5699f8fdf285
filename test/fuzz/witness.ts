import { execFile, execFileSync } from 'node:child_process';
import { decodedValues } from '../support/decoded-values.ts';

/** Every sample of a picture as it is stored, told by a decoder. */
export interface Witnessed {
  readonly width: number;
  readonly height: number;
  /** One for each sample of each pixel, in rows. */
  readonly samples: Uint8Array | Uint16Array;
}

const isHere = (program: string, flag: string): boolean => {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const has = { djpeg: isHere('djpeg', '-version'), magick: isHere('convert', '-version') };

/**
 * How far the decoder of JPEGs smooths chroma, px: in libvips a pixel sees the block beside its own, also
 * over a corner. djpeg is told not to.
 */
export const chromaReachPx = has.djpeg ? 0 : 1.5;

/**
 * Decodes with a program that shares nothing with the one under test, where it is installed; else with
 * libvips. `undefined`: it cannot read the file.
 */
export async function witnessed(bytes: Uint8Array): Promise<Witnessed | undefined> {
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (isJpeg && has.djpeg) return netpbm(await output('djpeg', ['-dct', 'int', '-nosmooth', '-pnm'], bytes));
  if (!isJpeg && has.magick) return netpbm(await output('convert', ['-[0]', '-depth', '16', 'pam:-'], bytes));
  return decodedValues(bytes).then(
    ({ width, height, data }) => ({ width, height, samples: data }),
    () => undefined,
  );
}

/** djpeg ends so when it decoded a picture and warned of something. */
const warned = 2;

function output(program: string, args: readonly string[], input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', maxBuffer: 1 << 28, timeout: 20_000 } as const;
    const child = execFile(program, args, options, (error, stdout) =>
      resolve(error && error.code !== warned ? Buffer.alloc(0) : stdout),
    );
    // A program that refuses the first bytes does not wait for the others.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** P5, P6 and P7 (PAM), 8 or 16 bit. */
function netpbm(file: Buffer): Witnessed | undefined {
  const text = file.subarray(0, 300).toString('latin1');
  const pam = /^P7\nWIDTH (\d+)\nHEIGHT (\d+)\nDEPTH \d+\nMAXVAL (\d+)\nTUPLTYPE \w+\nENDHDR\n/.exec(text);
  const [head, width, height, most] = pam ?? /^P[56]\n(\d+) (\d+)\n(\d+)\n/.exec(text) ?? [];
  if (head === undefined) return undefined;
  const samples = Uint8Array.from(file.subarray(head.length));
  return {
    width: Number(width),
    height: Number(height),
    samples: Number(most) > 255 ? new Uint16Array(samples.buffer, 0, samples.length >> 1) : samples,
  };
}
