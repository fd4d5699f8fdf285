/** A tensor of a model file: its shape, and where its constant data lie in the file. */
export interface Tensor {
  readonly shape: readonly number[];
  /** `undefined` for what is computed. */
  readonly data: Uint8Array | undefined;
}

export interface Operator {
  /** A number of the builtin codes, or the name of a custom operator. */
  readonly code: number | string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** 1 where the table of options leaves it out, as for operators that have none. */
  readonly stride: number;
  /** 0 is the activation that does nothing. */
  readonly activation: number;
}

export interface ModelFile {
  readonly tensors: readonly Tensor[];
  readonly operators: readonly Operator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Fields of the tables of the format, by their place. */
const fields = {
  model: { codes: 1, graphs: 2, buffers: 4 },
  code: { narrow: 0, custom: 1, wide: 3 },
  graph: { tensors: 0, inputs: 1, outputs: 2, operators: 3 },
  tensor: { shape: 0, buffer: 2 },
  buffer: { data: 0 },
  operator: { code: 0, inputs: 1, outputs: 2, options: 4 },
  /** Convolutions have them; other operators of this model have neither strides nor activations. */
  options: { stride: 1, activation: { 3: 3, 4: 4 } as Readonly<Record<number, number>> },
} as const;
const customCode = 32;
const convolutionCodes: ReadonlySet<number> = new Set([3, 4]);

/**
 * Reads a TensorFlow Lite model, as far as this project needs it.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 * @see https://flatbuffers.dev/internals/
 */
export function readTflite(file: Uint8Array): ModelFile {
  const table = flatbuffer(file);
  const { model, graph, tensor, buffer } = fields;
  const root = table.root();
  const buffers = table.tables(root, model.buffers).map((at) => table.bytes(at, buffer.data));
  const codes = table.tables(root, model.codes).map((at) => codeAt(table, at));
  const [main = 0] = table.tables(root, model.graphs);
  const tensors = table.tables(main, graph.tensors).map((at) => {
    const data = buffers[table.int(at, tensor.buffer)];
    return { shape: table.ints(at, tensor.shape), data: data?.length ? data : undefined };
  });
  const operators = table.tables(main, graph.operators).map((at) => operatorAt(table, at, codes));
  const [inputs, outputs] = [table.ints(main, graph.inputs), table.ints(main, graph.outputs)];
  return { tensors, operators, inputs, outputs };
}

type Table = ReturnType<typeof flatbuffer>;

function codeAt(table: Table, at: number): number | string {
  const { narrow, custom, wide } = fields.code;
  const code = Math.max(table.byte(at, narrow), table.int(at, wide));
  return code === customCode ? new TextDecoder().decode(table.bytes(at, custom)) : code;
}

function operatorAt(table: Table, at: number, codes: readonly (number | string)[]): Operator {
  const { operator, options } = fields;
  const code = codes[table.int(at, operator.code)] ?? -1;
  const own = table.table(at, operator.options);
  const hasOptions = own !== undefined && typeof code === 'number' && convolutionCodes.has(code);
  return {
    code,
    inputs: table.ints(at, operator.inputs),
    outputs: table.ints(at, operator.outputs),
    stride: hasOptions ? table.int(own, options.stride) : 1,
    activation: hasOptions ? table.byte(own, options.activation[code] ?? 0) : 0,
  };
}

/** Reads fields of tables by their place; a field that is left out is 0 or empty. */
function flatbuffer(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const uint = (at: number) => view.getUint32(at, true);
  const field = (at: number, place: number): number | undefined => {
    const list = at - view.getInt32(at, true);
    const entry = 4 + 2 * place;
    const offset = entry < view.getUint16(list, true) ? view.getUint16(list + entry, true) : 0;
    return offset === 0 ? undefined : at + offset;
  };
  const orZero = (at: number | undefined, read: (at: number) => number) => (at === undefined ? 0 : read(at));
  const target = (at: number) => at + uint(at);
  const list = (at: number, place: number) => {
    const found = field(at, place);
    return found === undefined
      ? { start: 0, length: 0 }
      : { start: target(found) + 4, length: uint(target(found)) };
  };
  const words = <T>(at: number, place: number, read: (at: number) => T): T[] => {
    const { start, length } = list(at, place);
    return Array.from({ length }, (_, i) => read(start + 4 * i));
  };
  return {
    root: () => target(0),
    byte: (at: number, place: number) => orZero(field(at, place), (found) => view.getInt8(found)),
    int: (at: number, place: number) => orZero(field(at, place), (found) => view.getInt32(found, true)),
    ints: (at: number, place: number) => words(at, place, (word) => view.getInt32(word, true)),
    tables: (at: number, place: number) => words(at, place, target),
    table: (at: number, place: number) => {
      const found = field(at, place);
      return found === undefined ? undefined : target(found);
    },
    bytes: (at: number, place: number) => {
      const { start, length } = list(at, place);
      return file.subarray(start, start + length);
    },
  };
}
