const srgb = {
  red: [0.43607, 0.22249, 0.01392],
  green: [0.38515, 0.71687, 0.09708],
  blue: [0.14307, 0.06061, 0.7141],
} as const;

/**
 * Colorants adapted to D50 and the exponent of the curve. @see ICC.1:2004-10, three-component matrix-based
 * profiles.
 */
const spaces = {
  adobeRgb: {
    gamma: 2.19921875,
    red: [0.60974, 0.31111, 0.01947],
    green: [0.20528, 0.62567, 0.06087],
    blue: [0.14919, 0.06322, 0.74457],
  },
  proPhoto: {
    gamma: 1.80078125,
    red: [0.79767, 0.28804, 0],
    green: [0.13519, 0.71188, 0],
    blue: [0.03134, 0.00009, 0.82491],
  },
  /** A common name of linear light with the primaries of sRGB. */
  'Linear sRGB': { gamma: 1, ...srgb },
  'sRGB of power 2.2': { gamma: 2.19921875, ...srgb },
  'sRGB by a table': { gamma: 'srgb', ...srgb },
} as const;

const d50 = [0.9642, 1, 0.8249] as const;

/** A matrix profile of version 2, as small as the format allows. */
export function matrixProfile(name: keyof typeof spaces): Buffer {
  const { gamma, red, green, blue } = spaces[name];
  return profile('RGB ', name, [
    ['wtpt', xyz(d50)],
    ['rXYZ', xyz(red)],
    ['gXYZ', xyz(green)],
    ['bXYZ', xyz(blue)],
    ['rTRC', curve(gamma)],
    ['gTRC', curve(gamma)],
    ['bTRC', curve(gamma)],
  ]);
}

export const greyProfile = (gamma: number): Buffer =>
  profile('GRAY', `grey gamma ${gamma}`, [
    ['wtpt', xyz(d50)],
    ['kTRC', curve(gamma)],
  ]);

type Tag = readonly [signature: string, data: Buffer];

function profile(space: string, name: string, tags: readonly Tag[]): Buffer {
  const all: Tag[] = [['desc', description(name)], ['cprt', text('none')], ...tags];
  const table = Buffer.alloc(4 + 12 * all.length);
  table.writeUInt32BE(all.length);
  let offset = 128 + table.length;
  all.forEach(([signature, data], i) => {
    table.write(signature, 4 + 12 * i, 'latin1');
    table.writeUInt32BE(offset, 8 + 12 * i);
    table.writeUInt32BE(data.length, 12 + 12 * i);
    offset += data.length;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(offset);
  header.writeUInt32BE(0x02400000, 8);
  header.write('mntr', 12, 'latin1');
  header.write(space, 16, 'latin1');
  header.write('XYZ ', 20, 'latin1');
  header.write('acsp', 36, 'latin1');
  for (const [i, value] of d50.entries()) header.writeInt32BE(Math.round(value * 65536), 68 + 4 * i);
  return Buffer.concat([header, table, ...all.map(([, data]) => data)]);
}

function xyz(values: readonly number[]): Buffer {
  const data = Buffer.alloc(20);
  data.write('XYZ ', 'latin1');
  for (const [i, value] of values.entries()) data.writeInt32BE(Math.round(value * 65536), 8 + 4 * i);
  return data;
}

function curve(gamma: number | 'srgb'): Buffer {
  if (gamma === 'srgb') return srgbCurve();
  const data = Buffer.alloc(16);
  data.write('curv', 'latin1');
  data.writeUInt32BE(1, 8);
  data.writeUInt16BE(Math.round(gamma * 256), 12);
  return data;
}

/** The sRGB curve as 1024 samples. @see IEC 61966-2-1. */
function srgbCurve(): Buffer {
  const data = Buffer.alloc(12 + 2 * 1024);
  data.write('curv', 'latin1');
  data.writeUInt32BE(1024, 8);
  for (let i = 0; i < 1024; i++) {
    const x = i / 1023;
    const linear = x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    data.writeUInt16BE(Math.round(linear * 65535), 12 + 2 * i);
  }
  return data;
}

function text(value: string): Buffer {
  return padded(Buffer.from(`text\0\0\0\0${value}\0`, 'latin1'));
}

function description(value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length + 1);
  return padded(
    Buffer.concat([
      Buffer.from('desc\0\0\0\0', 'latin1'),
      length,
      Buffer.from(`${value}\0`),
      Buffer.alloc(78),
    ]),
  );
}

const padded = (data: Buffer) => Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
