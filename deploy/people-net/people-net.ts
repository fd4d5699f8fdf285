import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Layer } from '../../lib/finders/people/net.ts';
import { type ModelFile, type Operator, readTflite, type Tensor } from './read-tflite.ts';

/**
 * Writes `lib/finders/people/weights.ts` from the model in Google's npm package: its layers, and its weights
 * in half precision as they are there. Run it after another version of the package was installed.
 */

const source = new URL(
  '../../node_modules/@mediapipe/selfie_segmentation/selfie_segmentation.tflite',
  import.meta.url,
);
const target = new URL('../../lib/finders/people/weights.ts', import.meta.url);

/** Builtin codes of the operators that this model has. */
const opOf: Readonly<Record<number | string, Layer['op']>> = {
  0: 'add',
  1: 'average',
  3: 'convolve',
  4: 'convolveEach',
  14: 'sigmoid',
  18: 'scaleChannels',
  19: 'relu',
  23: 'enlargeTwice',
  117: 'hardSwish',
  Convolution2DTransposeBias: 'spread',
};
/** Turns weights into numbers of single precision; the reader of the weights does that too. */
const dequantize = 6;
const withWeights: ReadonlySet<string> = new Set(['convolve', 'convolveEach', 'spread']);

interface PeopleNet {
  readonly layers: readonly Layer[];
  /** Numbers of half precision, little endian. */
  readonly weights: Uint8Array;
}

/** The model file -> layers in their order, and the weights that they name by their place. */
export function peopleNet(file: Uint8Array): PeopleNet {
  const model = readTflite(file);
  const constants = new Map<number, Tensor>();
  for (const { code, inputs, outputs } of model.operators) {
    if (code === dequantize) constants.set(outputs[0] ?? -1, model.tensors[inputs[0] ?? -1]!);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  const place = (tensor: number): number => {
    const data = constants.get(tensor)?.data;
    if (data === undefined) throw new Error(`Expected constant weights in tensor ${tensor}`);
    parts.push(data);
    length += data.length / 2;
    return length - data.length / 2;
  };
  const layers = model.operators
    .filter(({ code }) => code !== dequantize)
    .map((operator) => layerOf(model, operator, { constants, place }));
  const [last] = model.outputs;
  if (model.inputs[0] !== 0 || layers.at(-1)?.to !== last)
    throw new Error('Expected one input and one output');
  return { layers, weights: Buffer.concat(parts) };
}

function layerOf(
  { tensors }: ModelFile,
  { code, inputs, outputs, stride, activation }: Operator,
  constant: { constants: ReadonlyMap<number, Tensor>; place: (tensor: number) => number },
): Layer {
  const op = opOf[code];
  const [to] = outputs;
  if (op === undefined || to === undefined || activation !== 0) throw new Error(`Unknown operator ${code}`);
  const [first = 0, second = 0, third = 0] = inputs;
  if (!withWeights.has(op)) {
    const from = inputs.filter((tensor) => tensors[tensor]?.data === undefined);
    return { op, from, to };
  }
  const [, kernel = 1] = constant.constants.get(second)?.shape ?? [];
  const channels = tensors[to]?.shape[3] ?? 0;
  return {
    op,
    from: [first],
    to,
    kernel,
    ...(stride > 1 && { stride }),
    weights: constant.place(second),
    bias: constant.place(third),
    channels,
  };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The source text of the module that holds a net. */
export function moduleOf({ layers, weights }: PeopleNet): string {
  const lines = layers.map((layer) => `  ${JSON.stringify(layer)},`);
  const base64 = Buffer.from(weights).toString('base64');
  return [
    '// Written by `node deploy/people-net/people-net.ts`. From MediaPipe, Apache-2.0: see NOTICE.',
    "import type { Layer } from './net.ts';",
    '',
    '/** The layers of the net, in their order. Tensor 0 is the picture, 256 x 256 x 3, 0 to 1. */',
    '// biome-ignore format: generated',
    'export const layers: readonly Layer[] = [',
    ...lines,
    '];',
    '',
    '/** Numbers of half precision, little endian, in base64. */',
    `export const weights =\n  '${base64}';`,
    '',
  ].join('\n');
}

if (import.meta.main) {
  const net = peopleNet(readFileSync(source));
  writeFileSync(target, moduleOf(net));
  process.stdout.write(
    `${net.layers.length} layers, weights ${net.weights.length} bytes ${sha256(net.weights)}\n`,
  );
}
