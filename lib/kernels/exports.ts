/** An address in the memory of an instance, in bytes. */
export type Pointer = number;

/** Grows by pages of 64 KiB. Its buffer is another one after that, and never shrinks. */
export interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** The types of the kernels: each function that `assembly/index.ts` exports, with its doc comment there. */
export interface KernelExports {
  readonly memory: Memory;
  readonly heapBase: () => Pointer;
  readonly commonBytes: (a: Pointer, b: Pointer, length: number) => number;
  readonly addWeightedRows: (
    out: Pointer,
    rows: Pointer,
    rowBytes: number,
    sampleBytes: number,
    weights: Pointer,
    rowCount: number,
    count: number,
  ) => void;
  readonly gatherRow: (
    line: Pointer,
    first: Pointer,
    weights: Pointer,
    taps: number,
    channels: number,
    from: number,
    to: number,
    out: Pointer,
  ) => void;
  readonly blendRow: (
    original: Pointer,
    opacity: Pointer,
    weights: Pointer,
    answer: Pointer,
    light: Pointer,
    tone: Pointer,
    from: number,
    to: number,
    colours: number,
    channels: number,
    sampleBytes: number,
  ) => void;
  readonly blurRow: (
    row: Pointer,
    out: Pointer,
    width: number,
    channels: number,
    taps: Pointer,
    radius: number,
  ) => void;
  readonly mixChannels: (
    from: Pointer,
    pixels: number,
    inputs: number,
    weights: Pointer,
    bias: Pointer,
    outputs: number,
    out: Pointer,
  ) => void;
  readonly addTap: (
    from: Pointer,
    stride: number,
    tap: Pointer,
    channels: number,
    count: number,
    out: Pointer,
  ) => void;
  readonly blurColumns: (
    rows: Pointer,
    rowBytes: number,
    slots: number,
    y: number,
    height: number,
    taps: Pointer,
    radius: number,
    out: Pointer,
    count: number,
  ) => void;
  readonly distancesDown: (
    mask: Pointer,
    targets: Pointer,
    above: Pointer,
    out: Pointer,
    width: number,
  ) => void;
  readonly distancesUp: (row: Pointer, below: Pointer, width: number) => void;
  readonly distancesAlong: (
    columns: Pointer,
    out: Pointer,
    width: number,
    limit: number,
    envelope: Pointer,
  ) => void;
  readonly featherRow: (
    mask: Pointer,
    distance: Pointer,
    width: number,
    gaps: Pointer,
    first: Pointer,
    weights: Pointer,
    taps: number,
    limits: Pointer,
  ) => void;
  readonly unstuff: (from: Pointer, length: number, to: Pointer, result: Pointer) => void;
  readonly findMarker: (from: Pointer, length: number) => number;
  readonly jpegDecoderBytes: () => number;
  readonly jpegDecoder: (definition: Pointer, decoder: Pointer) => void;
  readonly addDifferences: (
    from: Pointer,
    to: Pointer,
    width: number,
    left: number,
    firstSample: number,
    pixelsAcross: number,
    sums: Pointer,
    planeBytes: number,
  ) => void;
  readonly blockDeltas: (job: Pointer) => void;
  readonly refinePlane: (plane: Pointer, mean: Pointer, decoded: Pointer, length: number) => void;
  readonly smooth: (from: Pointer, into: Pointer, stride: number, span: number, length: number) => void;
  readonly weighSums: (
    sums: Pointer,
    planeBytes: number,
    weights: Pointer,
    shares: Pointer,
    share: number,
    width: number,
    into: Pointer,
  ) => void;
  readonly compareMcus: (pair: Pointer, masks: Pointer, count: number) => number;
  readonly equalBits: (a: Pointer, b: Pointer, count: number) => number;
  readonly copyBits: (scan: Pointer, writer: Pointer, to: number) => void;
  readonly editMcus: (edit: Pointer, first: number, count: number) => number;
  readonly endBits: (writer: Pointer) => void;
  readonly walkMcus: (
    scan: Pointer,
    count: number,
    base: number,
    positions: Pointer,
    predictors: Pointer,
  ) => number;
  readonly writeFeatures: (level: Pointer) => void;
  readonly halveLevel: (fine: Pointer, coarse: Pointer) => void;
  readonly markPatches: (
    hole: Pointer,
    avoid: Pointer,
    width: number,
    height: number,
    radius: number,
    flags: Pointer,
    isTarget: Pointer,
    isSource: Pointer,
  ) => void;
  readonly listPlaces: (flags: Pointer, count: number, places: Pointer) => number;
  readonly distanceToKnown: (
    hole: Pointer,
    width: number,
    height: number,
    padded: Pointer,
    distances: Pointer,
  ) => number;
  readonly fillFromBorder: (
    level: Pointer,
    distances: Pointer,
    sources: Pointer,
    sourceCount: number,
    stride: number,
    samples: Pointer,
  ) => void;
  readonly patchDistance: (level: Pointer, a: number, b: number, limit: number) => number;
  readonly sweepPatches: (
    level: Pointer,
    isBackwards: boolean,
    reach: number,
    apart: number,
    costsHold: boolean,
    seed: number,
  ) => number;
  readonly voteMean: (level: Pointer) => void;
  readonly voteBest: (level: Pointer) => void;
  readonly costOfRank: (level: Pointer, rank: number, counts: Pointer) => number;
  readonly linkCells: (grid: Pointer) => void;
  readonly excessOfPieces: (grid: Pointer, pieces: Pointer) => void;
  readonly relaxLight: (grid: Pointer, pull: number, times: number) => void;
  readonly halveLight: (fine: Pointer, coarse: Pointer, sums: Pointer, counts: Pointer) => number;
  readonly doubleLight: (coarse: Pointer, fine: Pointer) => void;
  readonly addLight: (grid: Pointer, rgb: Pointer, channels: number) => void;
  readonly subtract: (a: Pointer, b: Pointer, count: number, out: Pointer) => void;
  readonly addChannels: (
    pixels: Pointer,
    count: number,
    channels: number,
    weights: Pointer,
    out: Pointer,
  ) => void;
  readonly scaleChannels: (
    values: Pointer,
    count: number,
    channels: number,
    gains: Pointer,
    offsets: Pointer,
  ) => void;
  readonly leastDistances: (
    looks: Pointer,
    count: number,
    context: Pointer,
    contextCount: number,
    length: number,
    out: Pointer,
  ) => void;
  readonly addSteps: (
    first: Pointer,
    second: Pointer,
    known: Pointer,
    width: number,
    channels: number,
    sums: Pointer,
  ) => void;
  readonly premultiply: WeightKernel;
  readonly normalise: WeightKernel;
  readonly pull: (
    values: Pointer,
    weights: Pointer,
    width: number,
    height: number,
    channels: number,
    coarse: Pointer,
    coarseWeights: Pointer,
  ) => void;
  readonly push: (
    values: Pointer,
    weights: Pointer,
    width: number,
    height: number,
    channels: number,
    below: Pointer,
  ) => void;
  readonly designRows: (
    template: Pointer,
    width: number,
    height: number,
    pixels: Pointer,
    count: number,
    geometric: number,
    rows: Pointer,
  ) => void;
  readonly samplePixels: (
    source: Pointer,
    sourceWidth: number,
    pixels: Pointer,
    count: number,
    width: number,
    firstX: Pointer,
    weightsX: Pointer,
    tapsX: number,
    firstY: Pointer,
    weightsY: Pointer,
    tapsY: number,
    out: Pointer,
  ) => void;
  readonly robustModelBytes: () => number;
  readonly robustScratchBytes: () => number;
  readonly robustSigma: (values: Pointer, count: number, scratch: Pointer) => number;
  readonly solveRobustly: (model: Pointer) => number;
  readonly fitLine: (
    x: Pointer,
    y: Pointer,
    prior: Pointer,
    count: number,
    work: Pointer,
    scratch: Pointer,
    limits: Pointer,
    result: Pointer,
  ) => void;
  readonly adler32: (adler: number, from: Pointer, length: number) => number;
  readonly inflateStateBytes: () => number;
  readonly inflate: (state: Pointer) => number;
  readonly recodeStateBytes: () => number;
  readonly recode: (state: Pointer) => void;
  readonly recodeEnd: (state: Pointer, isEnd: boolean) => void;
  readonly unfilterRow: RowKernel;
  readonly filterRow: RowKernel;
  readonly isBlank: (from: Pointer, length: number) => number;
  readonly differingPixels: (
    a: Pointer,
    b: Pointer,
    mask: Pointer,
    width: number,
    pixelBytes: number,
  ) => number;
}

type WeightKernel = (values: Pointer, weights: Pointer, count: number, channels: number) => void;

/** Returns 0 for an unknown filter. */
type RowKernel = (
  filter: number,
  from: Pointer,
  above: Pointer,
  to: Pointer,
  length: number,
  pixelBytes: number,
) => number;
