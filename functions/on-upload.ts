import type { CloudEventFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { withDeadline } from '../lib/abort.ts';
import { asEditError, EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { type Tracing, traceContextOf } from '../lib/trace.ts';

interface OnUploadOptions {
  /** Finishes or queues every job of this object, or throws so that the event comes again. */
  readonly handle: (
    upload: { readonly bucket: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<void>;
  /** The work is stopped after this long; the event then comes again. */
  readonly deadlineMs: number;
  readonly inputBucket: string;
  /** Older events are left to the sweep, which looks at the bucket itself. */
  readonly maxEventAgeMs: number;
  readonly log: Log;
  readonly tracing: Tracing;
}

/**
 * Takes `object.v1.finalized` events of the input bucket, and runs or queues the job of the pair they
 * complete. The same news may come as a notification of Cloud Storage, pushed by Pub/Sub.
 */
export function onUploadFunction(options: OnUploadOptions): CloudEventFunction<unknown> {
  const { handle, log, tracing } = options;
  // One parameter only: the framework would take a second one for a callback, and wait for it.
  return (event) =>
    // The only header of the request that the framework passes on.
    tracing.serve('onUpload', traceContextOf({ traceparent: event['traceparent'] }), async (end) => {
      const { id, time, ...object } = finalizedObject(event);
      const facts = { event: String(id).slice(0, 200) };
      try {
        const upload = uploadFromEvent(object, options.inputBucket);
        const ageMs = Date.now() - Date.parse(String(time));
        if (ageMs > options.maxEventAgeMs) {
          log.warn('Event left to the sweeper: too old', { ...facts, ...upload, ageMs });
        } else await within(options.deadlineMs, (signal) => handle(upload, signal));
        await end();
      } catch (thrown) {
        const error = asEditError(thrown);
        await end({ 'error.type': error.code });
        // After a thrown error the framework answers 500 and the event comes again: useless for bad input.
        if (error.kind === 'input') {
          log.warn(`Event acknowledged without work: ${error.message}`, { ...facts, code: error.code });
        } else throw reported(error, facts, log);
      }
    });
}

async function within(deadlineMs: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const late = () => new EditError('DEADLINE_EXCEEDED', `Expected the event's jobs within ${deadlineMs} ms`);
  await withDeadline({ ms: deadlineMs, late }, work);
}

/**
 * Logs an error, and returns one to throw: the framework prints it, and shall print a single line without a
 * stack.
 */
function reported(error: EditError, facts: object, log: Log): EditError {
  const { code, kind, message, details } = error;
  if (kind === 'bug') log.error(`Event failed: ${message}`, { ...details, ...facts, code, error });
  else log.warn(`Event comes again: ${message}`, { ...details, ...facts, code });
  const bare = new EditError(code, message);
  // Error Reporting counts every stack in stderr as a fault of the program.
  bare.stack = `${code}: the event comes again`;
  return bare;
}

const maxNameBytes = 1024;

/** What Cloud Storage publishes; the attributes name the object whatever the payload is. */
const messageSchema = z.object({
  messageId: z.string(),
  publishTime: z.string().optional(),
  attributes: z.object({
    eventType: z.literal('OBJECT_FINALIZE'),
    bucketId: z.string(),
    objectId: z.string(),
    objectGeneration: z.string(),
  }),
});
/** Without a payload the framework leaves the body of the push as it is, else it makes an event of it. */
const pushSchema = z.union([
  z.object({ message: messageSchema }),
  z.object({ data: z.object({ message: messageSchema }) }).transform(({ data }) => data),
]);

/** A notification as the event that tells the same; everything else as it is. */
function finalizedObject(event: object): Readonly<Record<string, unknown>> {
  const push = pushSchema.safeParse(event);
  if (!push.success) return { ...event };
  const { messageId: id, publishTime: time, attributes } = push.data.message;
  const { bucketId: bucket, objectId: name, objectGeneration: generation } = attributes;
  const source = `${bucketSource}${bucket}`;
  return { id, time, source, ...finalized, data: { bucket, name, generation } };
}

const bucketSource = '//storage.googleapis.com/projects/_/buckets/';
const finalized = { specversion: '1.0', type: 'google.cloud.storage.object.v1.finalized' } as const;

const eventSchema = z.object({
  specversion: z.literal(finalized.specversion),
  type: z.literal(finalized.type),
  source: z.string(),
  data: z.object({
    bucket: z.string(),
    // `ce-subject` carries the name too, but the framework leaves it percent-encoded.
    name: z
      .string()
      .min(1)
      .refine((name) => Buffer.byteLength(name) <= maxNameBytes, 'at most 1024 bytes'),
    generation: z.union([z.string().min(1), z.number()]),
  }),
});

/**
 * Any JSON that is posted to the function arrives here as an event, forged ones too: it may only name an
 * object of the input bucket.
 *
 * @throws {EditError} `EVENT_INVALID`.
 */
function uploadFromEvent(event: unknown, inputBucket: string): { bucket: string; name: string } {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'event').join(', ');
    throw new EditError('EVENT_INVALID', `Expected an event of a finalized object, got another ${fields}`);
  }
  const { source, data } = parsed.data;
  const expected = `${bucketSource}${inputBucket}`;
  if (source !== expected || data.bucket !== inputBucket) {
    throw new EditError('EVENT_INVALID', `Expected an event of ${expected}, got one of another bucket`);
  }
  return { bucket: data.bucket, name: data.name };
}
