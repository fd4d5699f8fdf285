import type { Request, Response } from '@google-cloud/functions-framework';
import type { HttpJobs } from '../../lib/http-jobs/http-jobs.ts';
import type { CallersObjects } from '../../lib/http-jobs/objects.ts';
import type { Uploads } from '../../lib/http-jobs/uploads.ts';
import type { PlanEdit, Wiring } from '../../lib/wiring.ts';
import type { AtOnce } from '../at-once.ts';
import type { Answer } from '../http.ts';

/** What the routes of the studio work with. */
export interface StudioParts {
  readonly jobs: () => Promise<HttpJobs>;
  readonly uploads: () => Promise<Uploads>;
  readonly objects: () => Promise<CallersObjects>;
  readonly plan: () => Promise<PlanEdit>;
  readonly capabilities: Wiring['capabilities'];
  readonly preview: Wiring['preview'];
  readonly maxImageBytes: number;
  readonly outputBucket: string;
  /** Where docs/errors.md can be read, for problems. */
  readonly errorsUrl?: string | undefined;
  /** Bodies above 1 MiB that are held at once. */
  readonly bodies: AtOnce;
  /** Pictures that are decoded at once. */
  readonly decodes: AtOnce;
}

export interface Call {
  readonly request: Request;
  readonly response: Response;
  readonly signal: AbortSignal;
  /** The parts of the path that the route names. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Named groups are the variable parts. */
  readonly path: RegExp;
  /** Query parameters that are taken. */
  readonly query?: readonly string[] | ((request: Request) => readonly string[]);
  readonly answer: (call: Call, parts: StudioParts) => Promise<Answer>;
}
