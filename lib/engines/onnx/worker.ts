import { parentPort } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-web';
import type { ErrorCode } from '../../errors.ts';
import type { Port } from './contract.ts';
import type { TensorData } from './frame.ts';

/** What the thread is sent: a model once, then pictures. */
export type OnnxTask =
  | { readonly kind: 'open'; readonly model: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'run'; readonly feeds: Readonly<Record<string, TensorData>>; readonly output: string };

/** What it posts for each task. Errors are data, since a class is lost between threads. */
export type OnnxAnswer =
  | { readonly kind: 'opened'; readonly inputs: readonly Port[]; readonly outputs: readonly Port[] }
  | { readonly kind: 'ran'; readonly output: Pick<TensorData, 'data' | 'dims'> }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

let session: InferenceSession | undefined;

const runtime = async () => {
  const ort = await import('onnxruntime-web');
  // More threads would be threads of this thread, and an instance works on one picture.
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort;
};

async function open(model: Uint8Array): Promise<OnnxAnswer> {
  const ort = await runtime().catch(() => undefined);
  if (ort === undefined) {
    const message = 'Expected the package onnxruntime-web for the engine onnx, got none: see docs/onnx.md';
    return { kind: 'failed', code: 'CONFIG_INVALID', message };
  }
  try {
    session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  } catch (error) {
    return failedAs(error, 'MODEL_CONTRACT', 'Expected a model that the runtime can open');
  }
  return { kind: 'opened', inputs: portsOf(session.inputMetadata), outputs: portsOf(session.outputMetadata) };
}

const portsOf = (ports: readonly InferenceSession.ValueMetadata[]): Port[] =>
  ports.flatMap((port) =>
    port.isTensor ? [{ name: port.name, type: port.type, shape: [...port.shape] }] : [],
  );

async function run({ feeds, output }: OnnxTask & { kind: 'run' }): Promise<OnnxAnswer> {
  const { Tensor } = await runtime();
  try {
    const tensors = Object.entries(feeds).map(
      ([name, { type, data, dims }]) => [name, new Tensor(type, data as Uint8Array, dims)] as const,
    );
    const answer = (await session!.run(Object.fromEntries(tensors)))[output]!;
    return { kind: 'ran', output: { data: answer.data as Float32Array<ArrayBuffer>, dims: answer.dims } };
  } catch (error) {
    return failedAs(error, 'ENGINE_BAD_REPLY', 'Expected a picture from ONNX_MODEL');
  }
}

/** Passes on only how the runtime's sentence begins: it may go on with the names of a whole graph. */
function failedAs(error: unknown, code: ErrorCode, expected: string): OnnxAnswer {
  const got = error instanceof Error ? error.message : String(error);
  const isMemory = /bad_alloc|out of memory|allocat/i.test(got);
  return {
    kind: 'failed',
    code: isMemory ? 'MODEL_TOO_LARGE' : code,
    message: `${expected}, got ${got.slice(0, 200)}`,
  };
}

parentPort?.on('message', async (task: OnnxTask) => {
  parentPort?.postMessage(task.kind === 'open' ? await open(task.model) : await run(task));
});
