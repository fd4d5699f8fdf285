import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import { type HttpSettings, httpFunction } from './http.ts';

interface RunJobOptions extends HttpSettings {
  /** Finishes every job of this object, or throws so that the task comes again. */
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
 * Runs the job of a task from the queue. 200: the job has ended. 429 and 503 with `Retry-After`: the task
 * comes again. Cloud Tasks repeats a task after anything but a 2xx, so a job that can never succeed is
 * answered with 200 too, once its failure is recorded; 4xx is for a body that is not a task.
 */
export function runJobFunction({ handle, ...settings }: RunJobOptions): HttpFunction {
  return httpFunction({ ...settings, name: 'runJob' }, async (request, response, signal) => {
    const task = taskSchema.safeParse(request.body);
    if (!task.success) throw new EditError('REQUEST_INVALID', 'Expected a task { bucket, name, job }');
    const { bucket, name, job } = task.data;
    await handle({ bucket, name }, signal);
    return { send: () => response.json({ job }), facts: { job } };
  });
}
