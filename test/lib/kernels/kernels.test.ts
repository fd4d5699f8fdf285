import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useKernels } from '../../../lib/kernels/kernels.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const commonBytes = (a: readonly number[], b: readonly number[]) =>
  useKernels(({ kernels, arena }) =>
    kernels.commonBytes(
      arena.put(Uint8Array.from(a)),
      arena.put(Uint8Array.from(b)),
      Math.min(a.length, b.length),
    ),
  );

test('equal bytes are counted up to the first that differs, and never behind the end', () => {
  const counts = withEachPoison(() =>
    [0, 1, 15, 16, 17, 31, 32, 33].map((length) => {
      const a = Array.from({ length }, (_, i) => i);
      const differing = a.map((_, at) => commonBytes(a, a.with(at, 99)));
      expect(differing).toEqual(a);
      return commonBytes(a, a);
    }),
  );
  for (const found of counts) expect(found).toEqual([0, 1, 15, 16, 17, 31, 32, 33]);
});

test('an arena is empty again after work that throws', () => {
  const first = useKernels(({ arena }) => arena.reserve(8));
  const failed = () =>
    useKernels(({ arena }) => {
      arena.reserve(1 << 20);
      throw new Error('stop');
    });
  expect(failed).toThrow('stop');
  expect(useKernels(({ arena }) => arena.reserve(8))).toBe(first);
});

test('a use within a use has a memory of its own', () => {
  useKernels((outer) => {
    useKernels((inner) => expect(inner.kernels.memory).not.toBe(outer.kernels.memory));
  });
});

test('an instance whose memory became huge is not kept', () => {
  const grown = useKernels(({ arena, kernels }) => {
    arena.reserve(257 * 1024 * 1024);
    return kernels.memory;
  });
  expect(useKernels(({ kernels }) => kernels.memory)).not.toBe(grown);
});

test('values come out as they were put in, at aligned addresses', () => {
  useKernels(({ arena }) => {
    const values = Float64Array.of(1.5, -2, 3);
    arena.put(Uint8Array.of(1, 2, 3));
    const pointer = arena.put(values.subarray(1));
    expect(pointer % 16).toBe(0);
    expect(arena.take(Float64Array, pointer, 2)).toEqual(Float64Array.of(-2, 3));
  });
});

test('kernels that were not built are a fault with advice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kernels-'));
  try {
    const isSource = (path: string) => !path.endsWith('.wasm');
    const lib = join(import.meta.dirname, '../../../lib');
    await cp(join(lib, 'kernels'), join(folder, 'kernels'), { recursive: true, filter: isSource });
    await cp(join(lib, 'errors.ts'), join(folder, 'errors.ts'));
    const unbuilt = (await import(join(folder, 'kernels/kernels.ts'))) as {
      readonly useKernels: typeof useKernels;
    };
    expect(() => unbuilt.useKernels(() => 0)).toThrow(/npm run kernels/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
