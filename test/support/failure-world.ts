import { inlineDispatch } from '../../lib/jobs/dispatch.ts';
import type { RunOptions } from '../../lib/jobs/run/run.ts';
import { handleUpload } from '../../lib/jobs/upload.ts';
import type { ObjectId } from '../../lib/storage/store.ts';
import { buckets, fakeEditWith, fakeEngine, never, planOptions, runOptions } from './job-world.ts';
import { type Fault, type MemoryBuckets, memoryBuckets, memoryClient, put } from './memory-store.ts';

type Engine = ReturnType<typeof fakeEngine>;
type FaultAt = (request: number, what: string) => Fault | undefined;

export const image: ObjectId = { bucket: 'input', name: 'd/p.jpg' };
export const mask: ObjectId = { bucket: 'input', name: 'd/p.mask.png' };

export function dropPair(photo = 'photo'): MemoryBuckets {
  const world = memoryBuckets();
  put(world, image, photo);
  put(world, mask, 'mask');
  return world;
}

interface DeliveryOptions {
  readonly id?: ObjectId;
  readonly faultAt?: FaultAt;
  readonly run?: Partial<RunOptions>;
  readonly signal?: AbortSignal;
}

interface Delivery {
  readonly answer: 'acknowledged' | 'redeliver';
  readonly requests: readonly string[];
}

/** One delivery of an event to a process of its own, and the requests of that process. */
export async function delivery(
  world: MemoryBuckets,
  engine: Engine,
  { id = image, faultAt, run = {}, signal = never }: DeliveryOptions = {},
): Promise<Delivery> {
  const store = memoryClient(world, faultAt);
  const dispatch = inlineDispatch(runOptions(store, engine, { editWith: fakeEditWith(), ...run }));
  const pairing = { folderMask: false };
  const options = {
    ...{ store, inputBucket: buckets.input, pairing, plan: planOptions },
    ...{ dispatch, dispatchesAtOnce: 1 },
  };
  const answer = await handleUpload(id, options, signal).then(
    () => 'acknowledged' as const,
    () => 'redeliver' as const,
  );
  return { answer, requests: store.requests };
}

export async function deliver(...args: Parameters<typeof delivery>): Promise<'acknowledged' | 'redeliver'> {
  return (await delivery(...args)).answer;
}

const minuteMs = 60_000;

export function pass(world: MemoryBuckets, minutes: number): void {
  world.nowMs += minutes * minuteMs;
}

export const afterLease = (world: MemoryBuckets): void => pass(world, 16);

const textsOf = (world: MemoryBuckets, suffix: string): string[] =>
  [...world.objects.values()]
    .filter(({ info }) => info.name.endsWith(suffix))
    .map(({ bytes }) => new TextDecoder().decode(bytes));

export const outputsOf = (world: MemoryBuckets): string[] => textsOf(world, '/1.jpg');

export const errorsOf = (world: MemoryBuckets): { readonly code: string }[] =>
  textsOf(world, '/error.json').map((text) => JSON.parse(text) as { code: string });

export const claimOf = (world: MemoryBuckets): Readonly<Record<string, string>> | undefined =>
  [...world.objects.values()].find(({ info }) => info.name.startsWith('claims/'))?.info.metadata;

/** A model whose answers hold the number of their call. */
export const numbered = (): Engine => fakeEngine((call) => `painted ${call}`);
