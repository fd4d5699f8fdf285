import { readFileSync } from 'node:fs';
import { EditError } from '../errors.ts';
import { type Arena, openArena } from './arena.ts';
import type { KernelExports } from './exports.ts';

/** Beside this file, and beside the bundle: `deploy/kernels.js` builds it, `deploy/build.js` copies it. */
const file = new URL('./kernels.wasm', import.meta.url);

/** A memory never shrinks: an instance that once held a huge picture is not kept. */
const keptBytes = 256 * 1024 * 1024;

/** What is used of it; TypeScript has its types only with those of a browser. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule) => { readonly exports: unknown };
};
type WasmModule = { readonly kind: 'compiled' };

let compiled: WasmModule | undefined;
const idle: Instance[] = [];

/** What a use of kernels works with. */
export interface KernelUse {
  readonly kernels: KernelExports;
  readonly arena: Arena;
}

/**
 * Lends an instance of the kernels, with an empty arena in its memory, to one piece of work.
 *
 * The work is synchronous: when it is over, or throws, its arena is empty again and the instance is lent to
 * the next one. What should stay is copied out. A use within a use works on an instance of its own, and so
 * does every thread.
 *
 * @throws {EditError} what `work` throws; `INTERNAL` when the kernels were not built.
 */
export function useKernels<T>(work: (use: KernelUse) => T): T {
  const instance = idle.pop() ?? instantiate();
  try {
    return work(instance);
  } finally {
    instance.empty();
    if (instance.kernels.memory.buffer.byteLength <= keptBytes) idle.push(instance);
  }
}

interface Instance extends KernelUse {
  readonly empty: () => void;
}

function instantiate(): Instance {
  compiled ??= new WebAssembly.Module(readModule());
  const kernels = new WebAssembly.Instance(compiled).exports as KernelExports;
  return { kernels, ...openArena(kernels) };
}

function readModule(): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(file);
  } catch (cause) {
    const advice = 'run `npm run kernels`, which needs the development dependencies';
    throw new EditError('INTERNAL', `Expected kernels.wasm beside the code, got no such file: ${advice}`, {
      cause,
    });
  }
}
