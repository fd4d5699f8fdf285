/**
 * A plain JPEG coefficient decoder, bit by bit after ITU-T T.81, sharing no code with what it tests.
 * Sequential and progressive Huffman, any number of scans, 8 bit.
 */
export interface ReferenceComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantId: number;
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** Of a scan with this component alone. */
  readonly ownWide: number;
  readonly ownHigh: number;
  /** blocksHigh x blocksWide x 64, zigzag order, not dequantised. */
  readonly coefficients: Int16Array;
  quant: number[];
}

export interface ReferenceJpeg {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: ReferenceComponent[];
  /** Everything that is not entropy-coded, as [marker, payload in hex]. */
  readonly segments: [number, string][];
}

interface Code {
  readonly symbols: Map<string, number>;
}

export function decodeReference(bytes: Uint8Array): ReferenceJpeg {
  const quant: number[][] = [];
  const huffman = new Map<number, Code>();
  const segments: [number, string][] = [];
  let restart = 0;
  let jpeg:
    | { width: number; height: number; progressive: boolean; components: ReferenceComponent[] }
    | undefined;
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++]!;
    if (marker === 0xd9 || at >= bytes.length) break;
    const length = bytes[at]! * 256 + bytes[at + 1]!;
    const data = bytes.subarray(at + 2, at + length);
    segments.push([marker, Buffer.from(data).toString('hex')]);
    at += length;
    if (marker === 0xdb) readQuant(data, quant);
    else if (marker === 0xc4) readHuffman(data, huffman);
    else if (marker === 0xdd) restart = data[0]! * 256 + data[1]!;
    else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) jpeg = readFrame(data, marker === 0xc2);
    else if (marker === 0xda) {
      for (const c of jpeg!.components) c.quant = quant[c.quantId]!;
      at = decodeScan({ bytes, at, data, jpeg: jpeg!, huffman, restart });
    }
  }
  return { ...jpeg!, segments };
}

function readQuant(data: Uint8Array, into: number[][]): void {
  for (let i = 0; i < data.length; ) {
    const wide = data[i]! >> 4;
    const id = data[i]! & 15;
    i++;
    into[id] = Array.from({ length: 64 }, (_, k) =>
      wide ? data[i + 2 * k]! * 256 + data[i + 2 * k + 1]! : data[i + k]!,
    );
    i += wide ? 128 : 64;
  }
}

function readHuffman(data: Uint8Array, into: Map<number, Code>): void {
  for (let i = 0; i < data.length; ) {
    const id = data[i]!;
    const counts = data.subarray(i + 1, i + 17);
    i += 17;
    const symbols = new Map<string, number>();
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      for (let n = 0; n < counts[length - 1]!; n++) {
        symbols.set(code.toString(2).padStart(length, '0'), data[i++]!);
        code++;
      }
      code *= 2;
    }
    into.set(id, { symbols });
  }
}

function readFrame(data: Uint8Array, progressive: boolean) {
  const height = data[1]! * 256 + data[2]!;
  const width = data[3]! * 256 + data[4]!;
  const count = data[5]!;
  const raw = Array.from({ length: count }, (_, i) => data.subarray(6 + 3 * i, 9 + 3 * i));
  const sampling = raw.map((r) => (count === 1 ? [1, 1] : [r[1]! >> 4, r[1]! & 15]));
  const maxH = Math.max(...sampling.map(([h]) => h!));
  const maxV = Math.max(...sampling.map(([, v]) => v!));
  const components = raw.map((r, i): ReferenceComponent => {
    const [h, v] = sampling[i] as [number, number];
    const blocksWide = Math.ceil(width / (8 * maxH)) * h;
    const blocksHigh = Math.ceil(height / (8 * maxV)) * v;
    const ownWide = Math.ceil(Math.ceil((width * h) / maxH) / 8);
    const ownHigh = Math.ceil(Math.ceil((height * v) / maxV) / 8);
    const coefficients = new Int16Array(blocksWide * blocksHigh * 64);
    return {
      id: r[0]!,
      h,
      v,
      quantId: r[2]!,
      blocksWide,
      blocksHigh,
      ownWide,
      ownHigh,
      coefficients,
      quant: [],
    };
  });
  return { width, height, progressive, components };
}

interface ScanInput {
  bytes: Uint8Array;
  at: number;
  data: Uint8Array;
  jpeg: { progressive: boolean; components: ReferenceComponent[] };
  huffman: Map<number, Code>;
  restart: number;
}

function decodeScan({ bytes, at, data, jpeg, huffman, restart }: ScanInput): number {
  const count = data[0]!;
  const members = Array.from({ length: count }, (_, i) => ({
    component: jpeg.components.find(({ id }) => id === data[1 + 2 * i])!,
    dc: huffman.get(data[2 + 2 * i]! >> 4),
    ac: huffman.get(16 | (data[2 + 2 * i]! & 15)),
    previous: 0,
  }));
  const ss = data[1 + 2 * count]!;
  const se = data[2 + 2 * count]!;
  const ah = data[3 + 2 * count]! >> 4;
  const al = data[3 + 2 * count]! & 15;
  let position = at;
  let current = 0;
  let left = 0;
  let eobRun = 0;
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
  const symbol = (code: Code): number => {
    for (let text = ''; text.length < 16; ) {
      text += bit();
      const found = code.symbols.get(text);
      if (found !== undefined) return found;
    }
    throw new Error('reference: bad code');
  };
  const sequentialBlock = (m: (typeof members)[number], base: number) => {
    const c = m.component.coefficients;
    m.previous += signed(symbol(m.dc!));
    c[base] = m.previous;
    for (let k = 1; k < 64; k++) {
      const rs = symbol(m.ac!);
      if (rs === 0) break;
      k += rs >> 4;
      c[base + k] = signed(rs & 15);
    }
  };
  const progressiveBlock = (m: (typeof members)[number], base: number) => {
    const c = m.component.coefficients;
    if (ss === 0) {
      if (ah > 0) c[base]! |= bit() << al;
      else {
        m.previous += signed(symbol(m.dc!));
        c[base] = m.previous << al;
      }
      return;
    }
    if (ah === 0) {
      if (eobRun > 0) return void eobRun--;
      for (let k = ss; k <= se; k++) {
        const rs = symbol(m.ac!);
        const run = rs >> 4;
        if ((rs & 15) === 0 && run < 15) {
          eobRun = 2 ** run - 1 + bits(run);
          break;
        }
        k += run;
        if (rs & 15) c[base + k] = signed(rs & 15) << al;
      }
      return;
    }
    const step = 1 << al;
    const refine = (k: number) => {
      if (bit()) c[base + k]! += c[base + k]! > 0 ? step : -step;
    };
    let k = ss;
    if (eobRun === 0) {
      for (; k <= se; k++) {
        const rs = symbol(m.ac!);
        let run = rs >> 4;
        let value = 0;
        if (rs & 15) value = bit() ? step : -step;
        else if (run < 15) {
          eobRun = 2 ** run + bits(run);
          break;
        }
        for (; k <= se; k++) {
          if (c[base + k] !== 0) refine(k);
          else if (run-- === 0) {
            if (value) c[base + k] = value;
            break;
          }
        }
      }
    }
    if (eobRun > 0) {
      for (; k <= se; k++) if (c[base + k] !== 0) refine(k);
      eobRun--;
    }
  };
  const block = (m: (typeof members)[number], column: number, row: number) => {
    const base = (row * m.component.blocksWide + column) * 64;
    if (jpeg.progressive) progressiveBlock(m, base);
    else sequentialBlock(m, base);
  };
  const [only] = members;
  const { component: lead } = only!;
  const single = count === 1;
  const wide = single ? lead.ownWide : lead.blocksWide / lead.h;
  const high = single ? lead.ownHigh : lead.blocksHigh / lead.v;
  for (let mcu = 0; mcu < wide * high; mcu++) {
    if (restart > 0 && mcu > 0 && mcu % restart === 0) {
      left = 0;
      eobRun = 0;
      const expected = 0xd0 + ((mcu / restart - 1) % 8);
      if (bytes[position] !== 0xff || bytes[position + 1] !== expected)
        throw new Error('reference: no restart marker');
      position += 2;
      for (const m of members) m.previous = 0;
    }
    const x = mcu % wide;
    const y = Math.floor(mcu / wide);
    for (const m of members) {
      const { h, v } = single ? { h: 1, v: 1 } : m.component;
      for (let j = 0; j < v; j++) for (let i = 0; i < h; i++) block(m, x * h + i, y * v + j);
    }
  }
  return position;
}
