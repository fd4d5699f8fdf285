import { EditError } from '../errors.ts';

/** What an error tells of the calls before it, for whoever counts them. */
export interface CallsMade {
  /** HTTP calls, retries included. */
  readonly calls: number;
  /** False when each was answered with an error, or never sent. */
  readonly mayBeBilled: boolean;
}

/** The same error with these facts among its details. */
export function withCallsMade(error: EditError, made: CallsMade): EditError {
  return new EditError(error.code, error.message, {
    details: { ...error.details, ...made },
    ...(error.cause !== undefined && { cause: error.cause }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
}
