import { expect } from 'vitest';
import { EditError, type ErrorCode } from '../../lib/errors.ts';

/** The coded error that the work ends with; anything else fails the test. */
export const errorOf = (work: Promise<unknown>): Promise<EditError> =>
  work.then(
    () => expect.unreachable('Expected a coded error'),
    (error: unknown) => {
      if (error instanceof EditError) return error;
      throw error;
    },
  );

export const codeOf = async (work: Promise<unknown>): Promise<ErrorCode> => (await errorOf(work)).code;
