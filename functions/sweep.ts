import type { HttpFunction } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { EditError } from '../lib/errors.ts';
import type { SweepReport } from '../lib/jobs/sweep/sweep-report.ts';
import { type HttpSettings, httpFunction } from './http.ts';

interface SweepFunctionOptions extends HttpSettings {
  readonly handle: (options: { readonly isDryRun: boolean }, signal: AbortSignal) => Promise<SweepReport>;
}

const bodySchema = z.strictObject({ dryRun: z.boolean().default(false) });

/**
 * Finds the pairs of the input bucket that have no result, and starts their jobs. `{"dryRun": true}` only
 * estimates.
 */
export function sweepFunction({ handle, ...settings }: SweepFunctionOptions): HttpFunction {
  return httpFunction({ ...settings, name: 'sweep' }, async (request, response, signal) => {
    const body = bodySchema.safeParse(request.body ?? {});
    if (!body.success) throw new EditError('REQUEST_INVALID', 'Expected { dryRun?: boolean }');
    const report = await handle({ isDryRun: body.data.dryRun }, signal);
    // A line of the log has room for numbers, not for names.
    const { jobs, faults: _faults, unpaired, ...facts } = report;
    const counts = { jobs: jobs.length, unpaired: unpaired.length };
    return { send: () => response.json(report), facts: { ...facts, ...counts } };
  });
}
