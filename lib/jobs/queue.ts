import { asEditError, EditError } from '../errors.ts';
import type { Dispatch } from './dispatch.ts';
import { readRefusal } from './google-answer.ts';

export interface QueueOptions {
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
  /** Authorization for the API; empty for a stand-in. */
  readonly authorize: () => Promise<Readonly<Record<string, string>>>;
  readonly fetch: typeof fetch;
  /** Headers of the trace in which the task is created: the job becomes a part of it. */
  readonly traceHeaders?: () => Readonly<Record<string, string>>;
}

const requestTimeoutMs = 20_000;

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
    await createTask(task, options, signal);
  };
}

async function createTask(task: object, options: QueueOptions, signal: AbortSignal): Promise<void> {
  const headers = { 'Content-Type': 'application/json', ...(await authorized(options)) };
  let response: Response;
  try {
    response = await options.fetch(`${options.apiEndpoint}/v2/${options.queue}/tasks`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ task }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
  } catch (error) {
    throw new EditError('QUEUE_UNAVAILABLE', 'Expected Cloud Tasks to answer, got none', { cause: error });
  }
  const { status } = response;
  const alreadyExists = 409;
  if (response.ok || status === alreadyExists) return response.body?.cancel();
  const { message, errorDetails } = await readRefusal(response);
  const isSetup = status >= 400 && status < 500 && status !== 408 && status !== 429;
  throw new EditError(
    isSetup ? 'QUEUE_PERMISSION' : 'QUEUE_UNAVAILABLE',
    `Expected Cloud Tasks to take a task for ${options.queue}, got ${status}: ${message}`,
    { details: { httpStatus: status, errorDetails } },
  );
}

/** Missing credentials are a fault of the deployment, not of Cloud Tasks: waiting does not help. */
async function authorized({ authorize }: QueueOptions): Promise<Readonly<Record<string, string>>> {
  try {
    return await authorize();
  } catch (error) {
    const { code, message } = asEditError(error);
    // The credentials report their absence with the code of a model.
    if (error instanceof EditError && code !== 'MODEL_PERMISSION') throw error;
    throw new EditError('QUEUE_PERMISSION', message);
  }
}
