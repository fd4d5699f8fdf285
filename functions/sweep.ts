import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import type { SweepReport } from '../lib/jobs/sweep/sweep-report.ts';
import { httpFunction, type Rim } from './http.ts';

interface SweepFunctionOptions extends Rim {
  readonly handle: (options: { readonly isDryRun: boolean }, signal: AbortSignal) => Promise<SweepReport>;
}

const bodySchema = z.strictObject({ dryRun: z.boolean().default(false) });

/** Looks through the input bucket for what has no result yet. `{"dryRun": true}` only says what it would do, and cost. */
export function sweepFunction({ handle, ...rim }: SweepFunctionOptions): HttpFunction {
  return httpFunction({ ...rim, name: 'sweep', methods: ['POST'] }, async (request, response, signal) => {
    const body = bodySchema.safeParse(request.body ?? {});
    if (!body.success) throw new EditError('REQUEST_INVALID', 'Expected { dryRun?: boolean }');
    const report = await handle({ isDryRun: body.data.dryRun }, signal);
    const { jobs, ...facts } = report;
    return { send: () => response.json(report), facts: { ...facts, jobs: jobs.length } };
  });
}
