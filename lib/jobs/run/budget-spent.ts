import { EditError } from '../../errors.ts';
import type { LastError } from '../claim/claim.ts';

/** `BUDGET_SPENT`, with the error of the last run as its cause: that is what must be mended. */
export function budgetSpent(
  message: string,
  lastError: LastError | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): EditError {
  const why =
    lastError === undefined
      ? 'no run could say why: each was killed or ran out of time or memory'
      : `the last error was ${lastError.code}: ${lastError.message}`;
  const cause = lastError && new EditError(lastError.code, lastError.message);
  return new EditError('BUDGET_SPENT', `${message}; ${why}`, {
    cause,
    details: { ...facts, lastCode: lastError?.code ?? 'none' },
  });
}
