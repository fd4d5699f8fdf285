import { createHash } from 'node:crypto';
import type { ObjectInfo } from '../../storage/store.ts';

/** Raise it when the same inputs shall give other pixels: all jobs get new ids, old results stay. */
export const pipelineMajor = 1;

/** The objects of one job at one moment. */
export interface InputSet {
  readonly image: ObjectInfo;
  /** `undefined` only when the request asks for an automatic mask. */
  readonly mask: ObjectInfo | undefined;
  readonly request: ObjectInfo | undefined;
  /** What is not to be copied into the fill; most jobs have none. */
  readonly keep?: ObjectInfo;
}

/**
 * The inputs as custom metadata of `manifest.json` and `error.json`, so that a listing shows them. A keep
 * mask is newer than the others: without one there is no word of it.
 */
export function inputGenerations({ image, mask, request, keep }: InputSet): Record<string, string> {
  return {
    image: image.generation,
    mask: mask?.generation ?? 'none',
    request: request?.generation ?? 'none',
    ...(keep && { keep: keep.generation }),
  };
}

/** A set of inputs as one line of text: equal for equal sets. */
export const setKey = (inputs: InputSet): string =>
  canonicalJson([inputs.image.name, inputGenerations(inputs)]);

/** The name of the picture in such a line. */
export const imageOfSetKey = (key: string): string => String(JSON.parse(key)[0]);

export interface JobFacts {
  readonly inputs: InputSet;
  /** Adapter and model, e.g. `gemini:gemini-nano-banana-2.1`. */
  readonly engine: string;
  /** Plain JSON; `null` when the request file cannot be read (its generation identifies it then). */
  readonly effectiveRequest: unknown;
  /** Counts how often these inputs were asked for again; left out of the first job. */
  readonly round?: number;
}

/** The same inputs give the same id: the first 16 hex digits of SHA-256 over canonical JSON. */
export function jobId({ inputs, engine, effectiveRequest, round }: JobFacts): string {
  const member = (info: ObjectInfo | undefined) =>
    info === undefined ? null : { name: info.name, generation: info.generation, crc32c: info.crc32c };
  const facts = {
    bucket: inputs.image.bucket,
    image: member(inputs.image),
    mask: member(inputs.mask),
    request: member(inputs.request),
    keep: inputs.keep && member(inputs.keep),
    engine,
    effectiveRequest,
    pipelineMajor,
    round,
  };
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 16);
}

/**
 * JSON with sorted keys and no spaces; keys whose value is `undefined` are left out.
 *
 * @see RFC 8785 (JSON Canonicalization Scheme): the same for strings, finite numbers, arrays and objects.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
