import { random } from './pictures.ts';

/** Lengths and offsets that break readers: around zero, signs, and the ends of the types. */
const awkward = [
  0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
];

/**
 * Files near a good one, drawn from a seed: cut, bytes changed, lengths replaced, parts repeated, moved or
 * dropped.
 */
export function* damaged(
  file: Uint8Array,
  { count, seed }: { count: number; seed: number },
): Generator<Uint8Array> {
  const next = random(seed);
  const at = (length: number) => Math.floor(next() * length);
  const damages: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.subarray(0, at(bytes.length)),
    (bytes) => changed(bytes, (out) => out.writeUInt8(at(256), at(out.length))),
    (bytes) => changed(bytes, (out) => out.writeUInt32BE(awkward[at(awkward.length)]!, at(out.length - 4))),
    (bytes) => changed(bytes, (out) => out.writeUInt32LE(awkward[at(awkward.length)]!, at(out.length - 4))),
    (bytes) => {
      const [from, to, where] = [at(bytes.length), at(bytes.length), at(bytes.length)];
      const part = bytes.subarray(Math.min(from, to), Math.max(from, to));
      return Buffer.concat([bytes.subarray(0, where), part, bytes.subarray(where)]);
    },
    (bytes) => {
      const from = at(bytes.length);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + at(40))]);
    },
  ];
  for (let i = 0; i < count; i++) {
    let bytes: Buffer = Buffer.from(file);
    for (let rounds = 1 + at(3); rounds > 0 && bytes.length > 8; rounds--)
      bytes = damages[at(damages.length)]!(bytes);
    yield bytes;
  }
}

function changed(bytes: Buffer, change: (out: Buffer) => void): Buffer {
  const out = Buffer.from(bytes);
  change(out);
  return out;
}
