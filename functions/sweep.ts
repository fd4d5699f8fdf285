import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError, errorCodes } from '../lib/errors.ts';
import type { SweepOptions } from '../lib/jobs/sweep/sweep.ts';
import type { SweepReport } from '../lib/jobs/sweep/sweep-report.ts';
import { type HttpSettings, httpFunction } from './http.ts';

interface SweepFunctionOptions extends HttpSettings {
  readonly handle: (
    options: Pick<SweepOptions, 'isDryRun' | 'again'>,
    signal: AbortSignal,
  ) => Promise<SweepReport>;
}

const bodySchema = z
  .strictObject({
    dryRun: z.boolean().default(false),
    again: z.array(z.enum(errorCodes)).min(1).optional(),
    prefix: z.string().max(1024).optional(),
  })
  .refine(({ again, prefix }) => again !== undefined || prefix === undefined);

/**
 * Finds the pairs of the input bucket that have no result, and starts their jobs. With
 * `{"again": ["ENGINE_REJECTED"], "prefix": "dir/"}` also those that have ended with one of these codes.
 * `{"dryRun": true}` only estimates.
 */
export function sweepFunction({ handle, ...settings }: SweepFunctionOptions): HttpFunction {
  return httpFunction({ ...settings, name: 'sweep' }, async (request, response, signal) => {
    const body = bodySchema.safeParse(request.body ?? {});
    if (!body.success)
      throw new EditError(
        'REQUEST_INVALID',
        'Expected { dryRun?: boolean, again?: [code, ...], prefix?: string }',
      );
    const { dryRun, again: codes, prefix = '' } = body.data;
    const report = await handle({ isDryRun: dryRun, again: codes && { codes, prefix } }, signal);
    // A line of the log has room for numbers, not for names.
    const { jobs, faults: _faults, unpaired, askedJobs: _asked, ...facts } = report;
    const counts = { jobs: jobs.length, unpaired: unpaired.length };
    return { send: () => response.json(report), facts: { ...facts, ...counts } };
  });
}
