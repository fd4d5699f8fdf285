import type { Dispatch } from './dispatch.ts';
import { type GoogleApi, post } from './google-api.ts';

export interface QueueOptions extends Pick<GoogleApi, 'authorize' | 'fetch'> {
  /** `projects/P/locations/L/queues/Q`. */
  readonly queue: string;
  /** Base URL of the Cloud Tasks API, or of a stand-in. */
  readonly apiEndpoint: string;
  /** Where tasks are sent: the URL of the function `runJob`. */
  readonly targetUrl: string;
  /** The identity of the task; `undefined` for a stand-in without identities. */
  readonly serviceAccount: string | undefined;
  /** The queue takes a handler without an answer for this long for lost. */
  readonly taskDeadlineMs: number;
  /** Headers of the trace in which the task is created: the job becomes a part of it. */
  readonly traceHeaders?: () => Readonly<Record<string, string>>;
}

/**
 * Puts a job into a Cloud Tasks queue. The task is named by the job: Cloud Tasks refuses a name that it has
 * seen in the last hour or so, and that is a success. The body names only the object: the handler of the task
 * reads the buckets again.
 *
 * @throws {EditError} `QUEUE_UNAVAILABLE` or `QUEUE_PERMISSION`.
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
 */
export function queueDispatch(options: QueueOptions): Dispatch {
  return async (job, signal) => {
    const { bucket, name } = job.inputs.image;
    const task = {
      name: `${options.queue}/tasks/${job.id}`,
      dispatchDeadline: `${options.taskDeadlineMs / 1000}s`,
      httpRequest: {
        url: options.targetUrl,
        httpMethod: 'POST',
        headers: { 'Content-Type': 'application/json', ...options.traceHeaders?.() },
        body: Buffer.from(JSON.stringify({ bucket, name, job: job.id })).toString('base64'),
        ...(options.serviceAccount === undefined
          ? {}
          : { oidcToken: { serviceAccountEmail: options.serviceAccount, audience: options.targetUrl } }),
      },
    };
    const api = { ...options, name: 'Cloud Tasks', ...codes };
    const alreadyExists = 409;
    await post(
      api,
      {
        url: `${options.apiEndpoint}/v2/${options.queue}/tasks`,
        body: { task },
        wanted: `to take a task for ${options.queue}`,
        alsoFine: [alreadyExists],
      },
      signal,
    );
  };
}

const codes = { unavailable: 'QUEUE_UNAVAILABLE', permission: 'QUEUE_PERMISSION' } as const;
