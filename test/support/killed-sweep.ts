import { expectNothingDoubled, openSweptWorld, sweepOnce, sweepToTheEnd } from './batch-world.ts';
import { drop, openEmulator, workerStore } from './emulator-world.ts';
import type { FaultKind } from './storage-faults.ts';

const names = ['a.jpg', 'b.jpg'];

interface Kill {
  /** Sweeps that went well before. */
  readonly sweeps: number;
  readonly kind: FaultKind;
  /** The request at which it happens, from 1. */
  readonly at: number;
}

/**
 * A sweep with batches whose process is killed, on the storage emulator; then others go on. Holds after that:
 * every picture has one result, and nothing is in two batches.
 *
 * @returns false when the sweep made fewer requests.
 */
export async function surviveKill({ sweeps, kind, at }: Kill): Promise<boolean> {
  await using emulator = await openEmulator();
  const own = workerStore(emulator, 'user');
  for (const name of names.flatMap((each) => [each, each.replace('.jpg', '.mask.png')]))
    await drop(own, name, name);
  const world = openSweptWorld(own, { names, pass: emulator.advance });
  for (let n = 0; n < sweeps; n++) await sweepOnce(world);
  const died = Promise.withResolvers<void>();
  const onHit = kind.startsWith('crash') ? () => died.resolve() : undefined;
  emulator.faults.set([{ kind, at, times: 1, match: { worker: 'first' }, ...(onHit && { onHit }) }]);
  const ended = sweepOnce(world, { store: workerStore(emulator, 'first', 3_600_000) });
  await Promise.race([ended.catch(() => undefined), died.promise]);
  const isHit = emulator.faults.hits().length > 0;
  await sweepToTheEnd(world);
  await expectNothingDoubled(world);
  return isHit;
}
