import { createHash } from 'node:crypto';

/**
 * ONNX graphs made by code, as the runtime reads them.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */

interface Port {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly (number | string)[];
}

const elementTypes = { float: 1, uint8: 2, int64: 7 } as const;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

const number = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Uint8Array) =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string) => bytes(field, Buffer.from(value));

function port(field: number, { name, type, shape }: Port): Buffer {
  const sizes = shape.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : text(2, size)));
  const tensor = Buffer.concat([number(1, elementTypes[type]), bytes(2, Buffer.concat(sizes))]);
  return bytes(field, Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))]));
}

function node(operator: string, inputs: readonly string[], output: string, to?: keyof typeof elementTypes) {
  const cast = to && bytes(5, Buffer.concat([text(1, 'to'), number(3, elementTypes[to]), number(20, 2)]));
  const parts = [...inputs.map((input) => text(1, input)), text(2, output), text(4, operator)];
  return bytes(1, Buffer.concat(cast ? [...parts, cast] : parts));
}

function floats(name: string, value: number): Buffer {
  const raw = Buffer.from(Float32Array.of(value).buffer);
  return bytes(5, Buffer.concat([number(2, elementTypes.float), text(8, name), bytes(9, raw)]));
}

function axes(name: string, values: readonly number[]): Buffer {
  const raw = Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
  return bytes(
    5,
    Buffer.concat([number(1, values.length), number(2, elementTypes.int64), text(8, name), bytes(9, raw)]),
  );
}

function model(parts: readonly Buffer[]): Uint8Array {
  const graph = Buffer.concat([...parts, text(2, 'graph')]);
  const operators = Buffer.concat([text(1, ''), number(2, 17)]);
  return Buffer.concat([number(1, 8), bytes(7, graph), bytes(8, operators)]);
}

/** What is masked becomes the mean of what is known: `known` is 1 where the picture is. */
const meanOfKnown = [
  axes('axes', [2, 3]),
  node('Mul', ['picture', 'known'], 'kept'),
  node('ReduceSum', ['kept', 'axes'], 'sum'),
  node('ReduceSum', ['known', 'axes'], 'count'),
  node('Div', ['sum', 'count'], 'mean'),
  floats('one', 1),
  node('Sub', ['one', 'known'], 'hole'),
  node('Mul', ['mean', 'hole'], 'fill'),
  node('Add', ['kept', 'fill'], 'filled'),
];

/** A model with the inputs of LaMa: floats, 1 = to be filled. @param scale what white is in its output. */
export function lamaLike(scale: 1 | 255, side: number | string = 512): Uint8Array {
  return model([
    ...meanOfKnown,
    node('Identity', ['image'], 'picture'),
    node('Sub', ['one', 'mask'], 'known'),
    floats('scale', scale),
    node('Mul', ['filled', 'scale'], 'output'),
    port(11, { name: 'image', type: 'float', shape: ['batch', 3, side, side] }),
    port(11, { name: 'mask', type: 'float', shape: ['batch', 1, side, side] }),
    port(12, { name: 'output', type: 'float', shape: ['batch', 3, side, side] }),
  ]);
}

/** A model with the inputs of the MI-GAN pipeline: bytes of any size, 255 = known. */
export function miganLike(): Uint8Array {
  return model([
    ...meanOfKnown,
    node('Cast', ['image'], 'picture', 'float'),
    node('Cast', ['mask'], 'maskLevels', 'float'),
    floats('white', 255),
    node('Div', ['maskLevels', 'white'], 'known'),
    node('Round', ['filled'], 'levels'),
    node('Cast', ['levels'], 'result', 'uint8'),
    port(11, { name: 'image', type: 'uint8', shape: ['batch', 3, 'height', 'width'] }),
    port(11, { name: 'mask', type: 'uint8', shape: ['batch', 1, 'height', 'width'] }),
    port(12, { name: 'result', type: 'uint8', shape: ['batch', 3, 'height', 'width'] }),
  ]);
}

export const sha256Of = (file: Uint8Array): string => createHash('sha256').update(file).digest('hex');
