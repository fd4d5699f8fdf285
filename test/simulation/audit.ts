import { isCode, kindOf } from '../../lib/errors.ts';
import { readTerminalName } from '../../lib/jobs/inputs/names.ts';
import type { ObjectInfo } from '../../lib/storage/store.ts';
import { here, machine } from './machine.ts';

/** What must hold after every step, whatever fails. */
export const invariants = {
  S1: 'The same files have one result at most, or one for each time they were asked for; none changes.',
  S2: 'A call of the model is counted before it is made, and given back only when it was not made.',
  S3: 'The model is called at most MAX_MODEL_CALLS times for one region.',
  S4: 'The manifest comes last: its outputs are there, made of its inputs and of the answers that were kept.',
  S5: 'A claim is changed by its holder alone, and taken over only after its lease or its wait.',
  S6: 'A job that has ended stays as it is.',
  S7: 'DONE has a manifest, FAILED has an error file, unless newer files took its place.',
  S8: 'The calls of a day cost at most the cap.',
  S9: 'An event or a task is acknowledged only when its job has ended or is in the queue.',
  S10: 'No object of a user is changed or written over.',
  S11: 'Every object is explained: an input has a state, an output its end, a record its name.',
  S12: 'A result is made of files that were in the bucket together.',
  S13: 'After a cancellation a run makes at most one more call of the model.',
  S14: 'One Idempotency-Key makes one job.',
  S15: 'No fault of a service comes out as a bug.',
  L1: 'When nothing fails any more, every complete set has ended after two sweeps.',
  L2: 'Then the topic was told of every end.',
} as const;

export type Invariant = keyof typeof invariants;

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

interface Audit {
  readonly leaseMs: number;
  readonly maxModelCalls: number;
  /** Millionths of a dollar; `undefined`: no cap. */
  capMicroUsd: number | undefined;
  readonly priceMicroUsd: number;
  readonly violations: Violation[];
  /** Text of a picture -> the version that its claims name. */
  readonly versions: Map<string, string>;
  /** Sets of files that were in the bucket together. */
  readonly sets: Set<string>;
  /** How often the files of a stem have changed, or were asked for again. */
  readonly changes: Map<string, number>;
  /** Nonce of a run -> its instance. */
  readonly owners: Map<string, string>;
  /** Version and region -> calls that the model has answered, or may have. */
  readonly billed: Map<string, number>;
  /** Version and region -> the most that may be billed for it. */
  readonly answers: Map<string, string>;
  /** Job -> calls after its cancellation, by instance. */
  readonly afterCancel: Map<string, Map<string, number>>;
  readonly dayMicroUsd: Map<string, number>;
  /** Code of an end, or `published` -> how many jobs ended so. */
  readonly ends: Map<string, number>;
}

const newAudit = (
  settings: Pick<Audit, 'leaseMs' | 'maxModelCalls' | 'capMicroUsd' | 'priceMicroUsd'>,
): Audit => ({
  ...settings,
  violations: [],
  versions: new Map(),
  sets: new Set(),
  changes: new Map(),
  owners: new Map(),
  billed: new Map(),
  answers: new Map(),
  afterCancel: new Map(),
  dayMicroUsd: new Map(),
  ends: new Map(),
});

let current = newAudit({ leaseMs: 0, maxModelCalls: 0, capMicroUsd: undefined, priceMicroUsd: 0 });

export function startAudit(settings: Parameters<typeof newAudit>[0]): Audit {
  current = newAudit(settings);
  return current;
}

export function violate(invariant: Invariant, what: string): void {
  machine().tell(`!! ${invariant}: ${what}`);
  current.violations.push({ invariant, what });
}

const decoder = new TextDecoder();
const objectAt = (bucket: string, name: string) => machine().buckets.objects.get(`${bucket}/${name}`);
const textAt = (bucket: string, name: string) => {
  const entry = objectAt(bucket, name);
  return entry && decoder.decode(entry.bytes);
};
const objectsIn = (bucket: string, prefix: string) =>
  [...machine().buckets.objects.values()].filter(
    ({ info }) => info.bucket === bucket && info.name.startsWith(prefix),
  );

/** `d/p.mask.png` -> `d/p`. */
export const stemOf = (name: string): string => name.replace(/\.(?:mask\.png|jpg|json)$/, '');

/** What comes over HTTP has a name without extension. */
const imageOf = (stem: string): string => (stem.startsWith('http/') ? stem : `${stem}.jpg`);

/** The files of a picture that are in the bucket now. */
export function setNow(stem: string) {
  const generation = (name: string) => objectAt('input', name)?.info.generation;
  const image = generation(imageOf(stem));
  const mask = generation(`${stem}.mask.png`);
  const request = generation(`${stem}.json`) ?? 'none';
  return image === undefined || mask === undefined
    ? undefined
    : { image, mask, request, key: [stem, image, mask, request].join(' ') };
}

const keyOfTerminal = (imageName: string, { metadata }: Pick<ObjectInfo, 'metadata'>) =>
  [stemOf(imageName), metadata['image'], metadata['mask'], metadata['request']].join(' ');

/** Manifests and error files of a picture, whichever of its versions they end. */
export const terminalsOf = (stem: string) =>
  objectsIn('output', `${imageOf(stem)}/`).filter(({ info }) => readTerminalName(info.name) !== undefined);

const endsOf = (stem: string, key: string) =>
  terminalsOf(stem).filter(({ info }) => keyOfTerminal(imageOf(stem), info) === key);

const isAskedAgain = ({ info }: { readonly info: Pick<ObjectInfo, 'name'> }) =>
  objectAt('control', `again/${readTerminalName(info.name)?.job}`) !== undefined;

/** There is a result, or a failure that was not asked for again. */
export const hasEnded = (stem: string, key: string): boolean =>
  endsOf(stem, key).some((end) => end.info.name.endsWith('/manifest.json') || !isAskedAgain(end));

/** An object of the input bucket was written or deleted. */
export function sawInput(name: string): void {
  const stem = stemOf(name);
  countChange(stem);
  const image = objectAt('input', imageOf(stem));
  if (image !== undefined) {
    current.versions.set(decoder.decode(image.bytes), `${imageOf(stem)}#${image.info.generation}`);
  }
  const now = setNow(stem);
  if (now !== undefined) current.sets.add(now.key);
}

const countChange = (stem: string) => void current.changes.set(stem, changesOf(stem) + 1);
export const changesOf = (stem: string): number => current.changes.get(stem) ?? 0;

export function sawCreate(info: ObjectInfo, bytes: Uint8Array): void {
  const { bucket, name } = info;
  if (bucket === 'input') {
    if (!name.startsWith('http/')) violate('S10', `${name} was written into the input bucket`);
    const text = decoder.decode(bytes);
    const twin = objectsIn('input', 'http/').find(
      (other) => other.info.name !== name && decoder.decode(other.bytes) === text && !name.endsWith('.json'),
    );
    if (twin !== undefined) violate('S14', `${name} is ${twin.info.name} once more`);
    sawInput(name);
  } else if (bucket === 'control') sawRecord(info);
  else {
    const terminal = readTerminalName(name);
    if (terminal === undefined) return;
    const key = keyOfTerminal(terminal.imageName, info);
    if (!current.sets.has(key)) violate('S12', `${name} ends ${key}`);
    const rounds = endsOf(stemOf(terminal.imageName), key).filter(isAskedAgain).length;
    if (Number(info.metadata['round'] ?? 0) > rounds) violate('S1', `${name} ends a round nobody asked for`);
    if (terminal.kind === 'manifest') sawManifest(info, bytes, key);
    const code = /"code": "(\w+)"/.exec(decoder.decode(bytes))?.[1] ?? 'published';
    machine().tell(`${name}: ${code}`);
    current.ends.set(code, (current.ends.get(code) ?? 0) + 1);
    if (code === 'CANCELLED_BY_CALLER') current.afterCancel.set(terminal.job, new Map());
  }
}

const recordNames = /^(claims|again|raw|progress|cost|http-jobs|http-keys|uploads|sweep)(\/|$)/;

function sawRecord({ name, metadata }: ObjectInfo): void {
  if (!recordNames.test(name)) violate('S11', `${name} is no record that is known`);
  if (name.startsWith('again/')) sawAgain(name.replace('again/', ''));
  if (!name.startsWith('claims/')) return;
  // A job that cannot even begin: its claim only says whether its end was told.
  if (metadata['owner'] === 'nobody' && metadata['state'] === 'FAILED') return;
  if (metadata['state'] !== 'RUNNING' || metadata['attempts'] !== '1') {
    violate('S5', `${name} begins as ${metadata['state']}`);
  }
  own(metadata['owner']);
}

/** What had ended has not ended any more. */
function sawAgain(job: string): void {
  const [failed] = objectsIn('output', '').filter(({ info }) => info.name.endsWith(`/${job}/error.json`));
  if (failed === undefined) violate('S1', `${job} was asked for again before it failed`);
  else countChange(stemOf(readTerminalName(failed.info.name)?.imageName ?? ''));
}

function own(nonce = ''): void {
  const instance = here.getStore()?.name ?? 'nobody';
  const before = current.owners.get(nonce);
  if (before === undefined) current.owners.set(nonce, instance);
  else if (before !== instance) violate('S5', `${instance} writes with the nonce of ${before}`);
}

interface ManifestFile {
  readonly outputs: readonly {
    readonly name: string;
    readonly generation: string;
    readonly crc32c: string;
  }[];
  readonly inputs: { readonly image: { readonly generation: string } };
}

function sawManifest({ name, metadata }: ObjectInfo, bytes: Uint8Array, key: string): void {
  const { imageName = '', job = '' } = readTerminalName(name) ?? {};
  const results = endsOf(stemOf(imageName), key).filter(({ info }) => info.name.endsWith('/manifest.json'));
  // A run past its lease may publish what was told as failed, while the next round is run.
  if (results.filter((result) => !isAskedAgain(result)).length > 1) {
    violate('S1', `${name} is the second result of ${key}`);
  }
  const { outputs } = JSON.parse(decoder.decode(bytes)) as ManifestFile;
  if (outputs.length === 0) violate('S4', `${name} names no output`);
  for (const output of outputs) {
    const found = objectAt('output', output.name);
    const isSame = found?.info.generation === output.generation && found.info.crc32c === output.crc32c;
    if (!isSame) violate('S4', `${name} names ${output.name}, which is not there as it says`);
    const [image = '', , ...painted] = (textAt('output', output.name) ?? '').split('\n');
    if (current.versions.get(image) !== `${imageName}#${metadata['image']}`) {
      violate('S4', `${output.name} is made of ${image}`);
    }
    const kept = painted.map((_, region) => textAt('control', `raw/${job}/r${region}`) ?? '');
    if (painted.some((text, region) => !kept[region]?.includes(text))) {
      violate('S4', `${output.name} is made of an answer that was not kept`);
    }
  }
}

type Metadata = Readonly<Record<string, string>>;

export function sawSwap(before: ObjectInfo, after: ObjectInfo): void {
  if (before.bucket !== 'control') violate('S10', `${before.bucket}/${before.name} was changed`);
  if (before.name.startsWith('claims/')) sawClaim(before, after);
  if (before.name.startsWith('cost/')) {
    const taken = Number(after.metadata['takenMicroUsd']);
    if (!(taken <= (current.capMicroUsd ?? 0))) violate('S8', `${taken} millionths of a dollar are reserved`);
  }
}

function sawClaim(before: ObjectInfo, after: ObjectInfo): void {
  const [old, now] = [before.metadata, after.metadata];
  const what = `${before.name}: ${old['state']} of ${old['owner']} -> ${now['state']} of ${now['owner']}`;
  const changed = Object.keys(now).filter((key) => now[key] !== old[key]);
  if (changed.every((key) => key === 'reported')) return;
  if (isEnd(old)) violate('S6', what);
  own(now['owner']);
  const ageMs = machine().nowMs - Date.parse(before.updated);
  if (old['owner'] !== now['owner']) {
    const untilFreeMs = old['state'] === 'RUNNING' ? current.leaseMs : waitOf(old);
    if (ageMs < untilFreeMs) violate('S5', `${what} after ${ageMs} ms`);
    const isTaken = now['state'] === 'RUNNING' && Number(now['attempts']) === Number(old['attempts']) + 1;
    if (!isTaken && now['state'] !== 'FAILED') violate('S5', what);
  } else if (old['state'] !== 'RUNNING') violate('S5', what);
  if (isEnd(now)) sawEnd(before.name, now, what);
  assertCounted(now['imageVersion'] ?? '');
}

/** A mend of the set-up is noticed soon, whatever a claim says. */
const longestSetupWaitMs = 30_000;

function waitOf({ waitMs, code = '' }: Metadata): number {
  const isSetup = isCode(code) && kindOf(code) === 'setup';
  return Math.min(Number(waitMs), isSetup ? longestSetupWaitMs : Number.POSITIVE_INFINITY);
}

const isEnd = ({ state }: Metadata) => state === 'DONE' || state === 'FAILED';

function sawEnd(name: string, { imageVersion = '', state, code }: Metadata, what: string): void {
  const folder = `${imageVersion.replace(/#\d+$/, '')}/${name.replace('claims/', '')}/`;
  const file = state === 'DONE' ? 'manifest.json' : 'error.json';
  const isSuperseded = state === 'FAILED' && code === 'SUPERSEDED';
  if (!isSuperseded && objectAt('output', `${folder}${file}`) === undefined) {
    violate('S7', `${what} (${code}) without ${folder}${file}`);
  }
}

/** Regions of one version -> calls that its claims have counted. */
function countedFor(version: string): Map<string, number> {
  const counted = new Map<string, number>();
  for (const { info } of objectsIn('control', 'claims/')) {
    if (info.metadata['imageVersion'] !== version) continue;
    for (const pair of (info.metadata['modelCalls'] ?? '').split(',')) {
      const [key = '', calls = '0'] = pair.split('=');
      counted.set(key, (counted.get(key) ?? 0) + Number(calls));
    }
  }
  return counted;
}

function assertCounted(version: string): void {
  const counted = countedFor(version);
  for (const [call, billed] of current.billed) {
    const [of = '', key = ''] = call.split(' ');
    if (of === version && billed > (counted.get(key) ?? 0)) {
      violate('S2', `${call}: ${billed} calls made, ${counted.get(key) ?? 0} counted`);
    }
  }
}

/** The model works on a picture: whatever becomes of the answer, this may be billed. */
export function sawModelCall(image: string, key: string, instance: string): number {
  const version = current.versions.get(image) ?? image;
  const call = `${version} ${key}`;
  const billed = (current.billed.get(call) ?? 0) + 1;
  current.billed.set(call, billed);
  assertCounted(version);
  const claims = objectsIn('control', 'claims/').filter(
    ({ info }) => info.metadata['imageVersion'] === version,
  );
  const most = current.maxModelCalls * Math.max(1, claims.length);
  if (billed > most) violate('S3', `${call}: ${billed} calls`);
  const [claim] = claims;
  if (claims.length === 1 && claim !== undefined) sawCallOf(claim.info.name.replace('claims/', ''), instance);
  const day = new Date(machine().nowMs).toISOString().slice(0, 10);
  const spent = (current.dayMicroUsd.get(day) ?? 0) + current.priceMicroUsd;
  current.dayMicroUsd.set(day, spent);
  if (spent > (current.capMicroUsd ?? Number.POSITIVE_INFINITY)) {
    violate('S8', `${spent} millionths of a dollar spent on ${day}`);
  }
  return billed;
}

function sawCallOf(job: string, instance: string): void {
  const calls = current.afterCancel.get(job);
  if (calls === undefined) return;
  const count = (calls.get(instance) ?? 0) + 1;
  calls.set(instance, count);
  if (count > 1) violate('S13', `${instance} calls the model ${count} times after ${job} was cancelled`);
}

/** Every object of the output bucket belongs to a job that has ended, or whose files are not current. */
export function auditOutputs(): void {
  for (const { info } of objectsIn('output', '')) {
    const at = /^(?<image>.+)\/(?<job>[0-9a-f]{16})\//.exec(info.name)?.groups;
    const { image = '', job = '' } = at ?? {};
    const stem = stemOf(image);
    if (info.metageneration !== '1') violate('S1', `${info.name} was changed`);
    const claim = objectAt('control', `claims/${job}`)?.info.metadata;
    const isEnded = terminalsOf(stem).some(({ info: end }) => end.name.includes(`/${job}/`));
    const now = objectAt('input', image)?.info.generation;
    const isCurrent = claim?.['imageVersion'] === `${image}#${now}`;
    if (!isEnded && isCurrent && !isOlderMask(stem, job)) violate('S11', `${info.name} has no end`);
  }
}

/** Every manifest and error file was told of. */
export function auditTold(told: ReadonlySet<string>): void {
  for (const { info } of objectsIn('output', '')) {
    const job = readTerminalName(info.name)?.job;
    if (job !== undefined && !told.has(job)) violate('L2', `nobody was told of ${info.name}`);
  }
}

/** A job of the same picture with another mask or request is over. */
const isOlderMask = (stem: string, job: string) =>
  terminalsOf(stem).some(({ info }) => !info.name.includes(`/${job}/`));
