import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import { httpFunction, type Rim } from './http.ts';

interface RunJobOptions extends Rim {
  /** Sees every job of this object through, or throws for another delivery. */
  readonly handle: (
    upload: { readonly bucket: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<void>;
}

const taskSchema = z.strictObject({
  bucket: z.string().min(1).max(222),
  name: z.string().min(1).max(1024),
  job: z.string().regex(/^[0-9a-f]{16}$/),
});

/**
 * A task of the queue -> its job, seen through. 200: over for good. 429 and 503 with `Retry-After`: come
 * again. Cloud Tasks repeats everything but a 2xx, so what can never succeed is answered with 200 too, once
 * the job has recorded it; 4xx is for what is no task.
 */
export function runJobFunction({ handle, ...rim }: RunJobOptions): HttpFunction {
  return httpFunction({ ...rim, name: 'runJob', methods: ['POST'] }, async (request, response, signal) => {
    const task = taskSchema.safeParse(request.body);
    if (!task.success) throw new EditError('REQUEST_INVALID', 'Expected a task { bucket, name, job }');
    const { bucket, name, job } = task.data;
    await handle({ bucket, name }, signal);
    return { send: () => response.json({ job }), facts: { job } };
  });
}
