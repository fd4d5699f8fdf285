import { EditError } from '../../errors.ts';

/** One input or output as the runtime describes it. A size that is not fixed is a text. */
export interface Port {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** How a model is asked. */
export interface Contract {
  readonly image: string;
  readonly mask: string;
  readonly output: string;
  /**
   * `lama`: floats, the picture in 0..1, 1 = to be filled. `migan`: bytes, the picture in 0..255, 255 =
   * known.
   */
  readonly kind: 'lama' | 'migan';
  /** What a float output is divided by to be in 0..1. */
  readonly outputScale: 1 | 255;
}

/** Width and height of what models are given, pixels: the size all of these were trained for. */
export const sidePx = 512;

/**
 * Reads from a model's own description how it is asked: an image of three channels and a mask of one, each
 * N x C x H x W, and one output of three.
 *
 * @throws {EditError} `MODEL_CONTRACT` with what was found; `CONFIG_INVALID` where the scale is not known.
 */
export function contractOf(
  inputs: readonly Port[],
  outputs: readonly Port[],
  outputScale: 1 | 255 | undefined,
): Contract {
  const image = inputs.find((port) => takes(port, 3));
  const mask = inputs.find((port) => takes(port, 1));
  const output = outputs.find(({ type, shape }) => type === image?.type && shape.length === 4);
  const kind = kindOf(image?.type);
  const isWhole = inputs.length === 2 && mask?.type === image?.type;
  if (!image || !mask || !output || !kind || !isWhole) throw unknownContract(inputs, outputs);
  if (kind === 'lama' && outputScale === undefined) {
    throw new EditError(
      'CONFIG_INVALID',
      'Expected ONNX_OUTPUT_SCALE 1 or 255 for this ONNX_MODEL, got none',
    );
  }
  return { image: image.name, mask: mask.name, output: output.name, kind, outputScale: outputScale ?? 255 };
}

/** `batch x channels x 512 x 512`, or of any size. */
function takes({ shape }: Port, channels: number): boolean {
  const [batch, depth, height, width] = shape;
  const isFree = (size: number | string | undefined, wanted: number) =>
    typeof size === 'string' || size === wanted;
  return (
    shape.length === 4 &&
    isFree(batch, 1) &&
    depth === channels &&
    isFree(height, sidePx) &&
    isFree(width, sidePx)
  );
}

function kindOf(type: string | undefined): Contract['kind'] | undefined {
  if (type === 'float32') return 'lama';
  return type === 'uint8' ? 'migan' : undefined;
}

function unknownContract(inputs: readonly Port[], outputs: readonly Port[]): EditError {
  const told = (ports: readonly Port[]) =>
    ports.map(({ name, type, shape }) => `${name.slice(0, 40)} ${type} [${shape.join(', ')}]`).join('; ');
  const expected = `Expected an ONNX_MODEL with image [N, 3, ${sidePx}, ${sidePx}] and mask [N, 1, ${sidePx}, ${sidePx}], float32 or uint8`;
  return new EditError(
    'MODEL_CONTRACT',
    `${expected}, got ${told(inputs)} -> ${told(outputs)}`.slice(0, 600),
  );
}
