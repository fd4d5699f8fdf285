/**
 * A plain JPEG coefficient decoder, bit by bit after ITU-T T.81, which shares no code with what it tests.
 * Sequential and progressive Huffman, any number of scans, 8 bit.
 */
export interface ReferenceJpeg {
  readonly components: readonly ReferenceComponent[];
  /** Everything that is not entropy-coded, as [marker, payload in hex]. */
  readonly segments: readonly [number, string][];
}

interface ReferenceComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** Blocks of a scan with this component alone. */
  readonly ownWide: number;
  readonly ownHigh: number;
  /** blocksHigh x blocksWide x 64, zigzag order, not dequantised. */
  readonly coefficients: Int16Array;
}

/** Symbols by their code, written in zeros and ones. */
type Codes = Map<string, number>;

export function decodeReference(bytes: Uint8Array): ReferenceJpeg {
  const huffman = new Map<number, Codes>();
  const segments: [number, string][] = [];
  let restart = 0;
  let components: ReferenceComponent[] = [];
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++]!;
    if (marker === 0xd9 || at >= bytes.length) break;
    const length = bytes[at]! * 256 + bytes[at + 1]!;
    const data = bytes.subarray(at + 2, at + length);
    segments.push([marker, Buffer.from(data).toString('hex')]);
    at += length;
    if (marker === 0xc4) readHuffman(data, huffman);
    else if (marker === 0xdd) restart = data[0]! * 256 + data[1]!;
    else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) components = readFrame(data);
    else if (marker === 0xda) at = decodeScan({ bytes, at, data, components, huffman, restart });
  }
  return { components, segments };
}

function readHuffman(data: Uint8Array, into: Map<number, Codes>): void {
  for (let i = 0; i < data.length; ) {
    const id = data[i]!;
    const counts = data.subarray(i + 1, i + 17);
    i += 17;
    const codes: Codes = new Map();
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      for (let n = 0; n < counts[length - 1]!; n++) {
        codes.set(code.toString(2).padStart(length, '0'), data[i++]!);
        code++;
      }
      code *= 2;
    }
    into.set(id, codes);
  }
}

function readFrame(data: Uint8Array): ReferenceComponent[] {
  const height = data[1]! * 256 + data[2]!;
  const width = data[3]! * 256 + data[4]!;
  const entries = Array.from({ length: data[5]! }, (_, i) => {
    const [id, sampling] = [data[6 + 3 * i]!, data[7 + 3 * i]!];
    return data[5] === 1 ? { id, h: 1, v: 1 } : { id, h: sampling >> 4, v: sampling & 15 };
  });
  const maxH = Math.max(...entries.map(({ h }) => h));
  const maxV = Math.max(...entries.map(({ v }) => v));
  return entries.map(({ id, h, v }) => {
    const blocksWide = Math.ceil(width / (8 * maxH)) * h;
    const blocksHigh = Math.ceil(height / (8 * maxV)) * v;
    const ownWide = Math.ceil(Math.ceil((width * h) / maxH) / 8);
    const ownHigh = Math.ceil(Math.ceil((height * v) / maxV) / 8);
    const coefficients = new Int16Array(blocksWide * blocksHigh * 64);
    return { id, h, v, blocksWide, blocksHigh, ownWide, ownHigh, coefficients };
  });
}

interface ScanInput {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly data: Uint8Array;
  readonly components: readonly ReferenceComponent[];
  readonly huffman: Map<number, Codes>;
  readonly restart: number;
}

interface Member {
  readonly component: ReferenceComponent;
  readonly dc: Codes | undefined;
  readonly ac: Codes | undefined;
  previousDc: number;
}

/** @returns where the scan ends. */
function decodeScan({ bytes, at, data, components, huffman, restart }: ScanInput): number {
  const count = data[0]!;
  const members = Array.from({ length: count }, (_, i): Member => {
    const tables = data[2 + 2 * i]!;
    const component = components.find(({ id }) => id === data[1 + 2 * i])!;
    return { component, dc: huffman.get(tables >> 4), ac: huffman.get(16 | (tables & 15)), previousDc: 0 };
  });
  const [ss, se, approximation] = [...data.subarray(1 + 2 * count)] as [number, number, number];
  const [ah, al] = [approximation >> 4, approximation & 15];
  const step = 1 << al;
  const reader = bitReader(bytes, at);
  const { bit, bits, signed, symbol } = reader;
  let eobRun = 0;

  const firstAc = (codes: Codes, c: Int16Array, base: number) => {
    if (eobRun > 0) return void eobRun--;
    for (let k = Math.max(1, ss); k <= se; k++) {
      const rs = symbol(codes);
      const run = rs >> 4;
      if ((rs & 15) === 0 && run < 15) {
        eobRun = 2 ** run - 1 + bits(run);
        return;
      }
      k += run;
      if (rs & 15) c[base + k] = signed(rs & 15) << al;
    }
  };
  const refineAc = (codes: Codes, c: Int16Array, base: number) => {
    let k = ss;
    /** Passes `run` zeros, and refines what is not zero on the way. */
    const pass = (run: number) => {
      for (let left = run; k <= se; k++) {
        if (c[base + k] === 0 && left-- === 0) return;
        if (c[base + k] !== 0 && bit()) c[base + k]! += c[base + k]! > 0 ? step : -step;
      }
    };
    for (; eobRun === 0 && k <= se; k++) {
      const rs = symbol(codes);
      if ((rs & 15) === 0 && rs >> 4 < 15) {
        eobRun = 2 ** (rs >> 4) + bits(rs >> 4);
        break;
      }
      const value = rs & 15 ? (bit() ? step : -step) : 0;
      pass(rs >> 4);
      if (value && k <= se) c[base + k] = value;
    }
    if (eobRun === 0) return;
    pass(64);
    eobRun--;
  };
  const block = (m: Member, column: number, row: number) => {
    const { coefficients: c, blocksWide } = m.component;
    const base = (row * blocksWide + column) * 64;
    if (ss > 0) return ah === 0 ? firstAc(m.ac!, c, base) : refineAc(m.ac!, c, base);
    if (ah > 0) {
      c[base]! |= bit() << al;
      return;
    }
    m.previousDc += signed(symbol(m.dc!));
    c[base] = m.previousDc << al;
    // A sequential scan.
    if (se > 0) firstAc(m.ac!, c, base);
  };

  const lead = members[0]!.component;
  const isSingle = count === 1;
  const wide = isSingle ? lead.ownWide : lead.blocksWide / lead.h;
  const high = isSingle ? lead.ownHigh : lead.blocksHigh / lead.v;
  for (let mcu = 0; mcu < wide * high; mcu++) {
    if (restart > 0 && mcu > 0 && mcu % restart === 0) {
      eobRun = 0;
      reader.passMarker(0xd0 + ((mcu / restart - 1) % 8));
      for (const m of members) m.previousDc = 0;
    }
    const x = mcu % wide;
    const y = Math.floor(mcu / wide);
    for (const m of members) {
      const { h, v } = isSingle ? { h: 1, v: 1 } : m.component;
      for (let j = 0; j < v; j++) for (let i = 0; i < h; i++) block(m, x * h + i, y * v + j);
    }
  }
  return reader.end();
}

function bitReader(bytes: Uint8Array, at: number) {
  let position = at;
  let current = 0;
  let left = 0;
  const bit = (): number => {
    if (left === 0) {
      if (bytes[position] === 0xff && bytes[position + 1] !== 0)
        throw new Error(`reference: scan ended at ${position}`);
      current = bytes[position]!;
      position += current === 0xff ? 2 : 1;
      left = 8;
    }
    left--;
    return (current >> left) & 1;
  };
  const bits = (n: number): number => {
    let value = 0;
    for (let i = 0; i < n; i++) value = value * 2 + bit();
    return value;
  };
  const signed = (n: number): number => {
    const value = bits(n);
    return n > 0 && value < 2 ** (n - 1) ? value - 2 ** n + 1 : value;
  };
  const symbol = (codes: Codes): number => {
    for (let text = ''; text.length < 16; ) {
      text += bit();
      const found = codes.get(text);
      if (found !== undefined) return found;
    }
    throw new Error('reference: bad code');
  };
  const passMarker = (code: number): void => {
    left = 0;
    if (bytes[position] !== 0xff || bytes[position + 1] !== code)
      throw new Error('reference: no restart marker');
    position += 2;
  };
  return { bit, bits, signed, symbol, passMarker, end: () => position };
}
