import { z } from 'zod';
import { isLoopback } from './loopback.ts';

const fieldName = z.string().min(1).max(100);
/** Letters, digits and marks that a header name may have. @see RFC 9110, 5.6.2 */
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'expected the name of a header');
/** Steps into JSON, e.g. `output.0.url`. */
const jsonPath = z.string().regex(/^[^.]+(\.[^.]+)*$/, 'expected names and indexes between dots');

const serviceUrl = z.url().refine((text) => {
  const { protocol, hostname, username, hash } = new URL(text);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isPrivate && username === '' && hash === '';
}, 'expected https without a user, or http on this machine');

const answerSchema = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('bytes') }).describe('The body of the answer is the picture.'),
  z
    .strictObject({ as: z.literal('base64'), at: jsonPath })
    .describe('A text in the JSON of the answer; `data:` URLs are read too.'),
  z
    .strictObject({
      as: z.literal('url'),
      at: jsonPath,
      hosts: z.array(z.string().min(1)).min(1).describe('Hosts that a picture may be fetched from.'),
    })
    .describe('The JSON of the answer names where the picture is.'),
]);

/**
 * How a service is asked to remove what a mask shows: the setting `HTTP_ENGINE`.
 *
 * Its secret is not in it: `HTTP_ENGINE_SECRET` is a variable of its own, which Secret Manager can fill.
 */
export const httpServiceSchema = z.strictObject({
  url: serviceUrl.describe('Where the request is posted.'),
  header: headerName.optional().describe('The header that carries HTTP_ENGINE_SECRET, as it is.'),
  headers: z.record(headerName, z.string()).default({}).describe('Further headers.'),
  body: z.enum(['multipart', 'json']).default('multipart'),
  image: fieldName.default('image').describe('Field of the picture.'),
  mask: fieldName.default('mask').describe('Field of the mask.'),
  fields: z
    .record(fieldName, z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Further fields, the same for every picture.'),
  encoding: z.enum(['base64', 'data-url']).default('base64').describe('Pictures in a JSON body.'),
  removes: z.enum(['white', 'black']).default('white').describe('What the mask has where things go.'),
  answer: answerSchema.default({ as: 'bytes' }),
  maxSidePx: z.int().min(256).max(8192).default(2048).describe('Longer side of the pictures it takes.'),
  maxBytes: z.int().min(10_000).max(100_000_000).default(10_000_000).describe('Largest picture it takes.'),
  deadlineMs: z.int().min(1000).max(600_000).default(180_000).describe('For all tries of one call.'),
  usdPerCall: z.number().min(0).optional().describe('List price, for the estimate and the daily cap.'),
});

export type HttpService = Readonly<z.output<typeof httpServiceSchema>>;
