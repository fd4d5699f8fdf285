import { z } from 'zod';

/** What is wrong, and the command or the steps that mend it. */
export interface Fault {
  /** "Expected X, got Y". */
  readonly message: string;
  readonly mend: string;
}

/** The answer to a request. */
export interface Reply {
  readonly status: number;
  /** `{}` where it is no JSON. */
  readonly body: unknown;
}

/**
 * A REST request to Google Cloud with the rights of whoever runs this: GET, or POST where there is a body.
 */
export type Google = (url: string, post?: object | Uint8Array) => Promise<Reply>;

interface GoogleOptions {
  readonly project: string;
  readonly authorize: (url: string) => Promise<Headers>;
  readonly fetch: typeof fetch;
}

const deadlineMs = 30_000;

export function google({ project, authorize, fetch }: GoogleOptions): Google {
  return async (url, post) => {
    const headers = await authorize(url);
    // Whose quota counts; with a login of a person some services ask for it.
    headers.set('x-goog-user-project', project);
    const isFile = post instanceof Uint8Array;
    if (post !== undefined) headers.set('content-type', isFile ? 'image/png' : 'application/json');
    const body = post === undefined ? null : isFile ? Uint8Array.from(post) : JSON.stringify(post);
    const method = post === undefined ? 'GET' : 'POST';
    const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(deadlineMs) });
    const text = await response.text();
    return { status: response.status, body: jsonOf(text) };
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const refusalSchema = z.object({
  error: z.object({
    message: z.string().catch('no reason'),
    details: z
      .array(
        z.looseObject({
          reason: z.string().optional(),
          metadata: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .catch([]),
  }),
});

/** The fields of an answer as the schema has them; `undefined` where it was refused or is another one. */
export function read<T extends z.ZodType>({ status, body }: Reply, schema: T): z.output<T> | undefined {
  if (status !== 200) return undefined;
  const parsed = schema.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/**
 * A request that was refused, in words. An API that is off names the command that turns it on.
 *
 * @param mend where nothing in the answer says more.
 */
export function refused(reply: Reply, wanted: string, mend: string): Fault {
  const error = refusalSchema.safeParse(reply.body).data?.error;
  const off = error?.details.find(({ reason }) => reason === 'SERVICE_DISABLED')?.metadata;
  const [reason = ''] = (error?.message ?? 'no reason').split('\n');
  return {
    message: `Expected ${wanted}, got ${reply.status}: ${reason.slice(0, 300)}`,
    mend:
      typeof off?.['service'] === 'string'
        ? `gcloud services enable ${off['service']} ${typeof off['consumer'] === 'string' ? `--project=${off['consumer'].replace('projects/', '')}` : ''}`
        : mend,
  };
}
