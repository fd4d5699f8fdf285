import { z } from 'zod';
import type { InpaintReply } from '../../engines/engine.ts';
import { EditError } from '../../errors.ts';

const headSchema = z.object({
  outcomes: z.array(
    z.union([
      z.object({ kind: z.literal('image'), mediaType: z.string(), sizeBytes: z.int().min(0) }),
      z.object({ kind: z.enum(['filtered', 'refused', 'unusable']), reason: z.string() }),
    ]),
  ),
  warnings: z.array(z.string()),
  calls: z.int().min(0),
  safety: z.array(z.object({ of: z.string(), scores: z.record(z.string(), z.number()) })).exactOptional(),
});

const lineFeed = 0x0a;

/**
 * A model's reply as one file, so that it is saved whole or not at all: a line of JSON, then the bytes of
 * each image in order.
 */
export function packReply({ outcomes, ...rest }: InpaintReply): Uint8Array {
  const head = {
    ...rest,
    outcomes: outcomes.map((outcome) =>
      outcome.kind === 'image'
        ? { kind: 'image', mediaType: outcome.image.mediaType, sizeBytes: outcome.image.bytes.length }
        : { kind: outcome.kind, reason: outcome.reason },
    ),
  };
  const images = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image.bytes] : []));
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...images]);
}

/** @throws {EditError} `INTERNAL` when the bytes are no reply. */
export function unpackReply(bytes: Uint8Array): InpaintReply {
  const end = bytes.indexOf(lineFeed);
  const head = headSchema.safeParse(parseJson(bytes.subarray(0, Math.max(0, end))));
  if (!head.success) throw new EditError('INTERNAL', 'Expected a saved reply of a model, got other bytes');
  let at = end + 1;
  const outcomes = head.data.outcomes.map((outcome) => {
    if (outcome.kind !== 'image') return outcome;
    const image = { bytes: bytes.subarray(at, at + outcome.sizeBytes), mediaType: outcome.mediaType };
    at += outcome.sizeBytes;
    return { kind: outcome.kind, image };
  });
  return { ...head.data, outcomes };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
