import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import type { SweepReport } from '../lib/jobs/sweep.ts';
import type { Log } from '../lib/log.ts';
import { httpFunction } from './http.ts';

interface SweepFunctionOptions {
  readonly handle: (options: { readonly isDryRun: boolean }, signal: AbortSignal) => Promise<SweepReport>;
  readonly deadlineMs: number;
  readonly log: Log;
}

const bodySchema = z.strictObject({ dryRun: z.boolean().default(false) });

/** Looks through the input bucket for what has no result yet. `{"dryRun": true}` only says what it would do, and cost. */
export function sweepFunction({ handle, deadlineMs, log }: SweepFunctionOptions): HttpFunction {
  return httpFunction(
    { name: 'sweep', methods: ['POST'], deadlineMs, log },
    async (request, response, signal) => {
      const body = bodySchema.safeParse(request.body ?? {});
      if (!body.success) throw new EditError('REQUEST_INVALID', 'Expected { dryRun?: boolean }');
      const report = await handle({ isDryRun: body.data.dryRun }, signal);
      response.json(report);
      const { jobs, ...facts } = report;
      return { ...facts, jobs: jobs.length };
    },
  );
}
