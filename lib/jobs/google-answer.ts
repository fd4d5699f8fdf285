import { z } from 'zod';
import { jsonText } from '../requests/plain-json.ts';

/** What a Google API said about a request that it refused. */
export interface Refusal {
  readonly message: string;
  /** Its `error.details` as JSON, empty where there are none: which limit, which right, which field. */
  readonly errorDetails: string;
}

const bodySchema = jsonText.pipe(
  z.object({
    error: z.object({ message: z.string().catch(''), details: z.array(z.unknown()).catch([]) }),
  }),
);

/** Beyond these lengths nobody reads. */
const maxMessageChars = 300;
const maxDetailsChars = 1000;
/** As long as a token may be; names are shorter. */
const tokenLike = /[A-Za-z0-9+/=_-]{60,}/g;

/**
 * Reads the answer to a refused request, as far as it may stand in a log.
 *
 * @see https://google.aip.dev/193
 */
export async function readRefusal(response: Response): Promise<Refusal> {
  const text = await response.text().catch(() => '');
  const { message = '', details = [] } = bodySchema.safeParse(text).data?.error ?? {};
  const safe = (part: string, maxChars: number) =>
    part.replace(tokenLike, '...').slice(0, maxChars).toWellFormed();
  return {
    message: safe(message.replace(/\s+/g, ' '), maxMessageChars) || 'no message',
    errorDetails: details.length === 0 ? '' : safe(JSON.stringify(details), maxDetailsChars),
  };
}
