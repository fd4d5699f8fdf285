import { z } from 'zod';
import { EditError } from '../../errors.ts';
import type { BatchAnswer, EncodedImage } from '../engine.ts';

/** Keeps a picture of a body as an object, and gives its `gs://` address. */
type KeepPicture = (name: string, picture: EncodedImage) => Promise<string>;

const inlinePart = z.object({ inlineData: z.object({ mimeType: z.string(), data: z.string() }) });
const filePart = z.object({ fileData: z.object({ fileUri: z.string() }) });
const bodySchema = z.looseObject({
  contents: z.array(z.looseObject({ parts: z.array(z.unknown()) })),
});

/**
 * One line of the file of a batch: a body of `:generateContent` whose pictures lie in a bucket. The names of
 * its pictures begin with its key: by them its answer is found, in whatever order answers come.
 *
 * @param key of letters, digits, dots and hyphens, unique in its batch.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage
 */
export async function batchLine(key: string, body: unknown, keep: KeepPicture): Promise<string> {
  if (!/^[\w.-]+$/.test(key)) throw new EditError('INTERNAL', 'Expected a key of letters, digits, . and -');
  const { contents, ...rest } = bodySchema.parse(body);
  const kept = contents.map(async ({ parts, ...content }, at) => ({
    ...content,
    parts: await Promise.all(parts.map((part, n) => withAddress(part, `${key}/${at}-${n}`, keep))),
  }));
  return `${JSON.stringify({ request: { contents: await Promise.all(kept), ...rest } })}\n`;
}

async function withAddress(part: unknown, name: string, keep: KeepPicture): Promise<unknown> {
  const inline = inlinePart.safeParse(part).data?.inlineData;
  if (inline === undefined) return part;
  const { mimeType, data } = inline;
  const picture = { bytes: new Uint8Array(Buffer.from(data, 'base64')), mediaType: mimeType };
  const extension = mimeType === 'image/jpeg' ? 'jpg' : 'png';
  return { fileData: { mimeType, fileUri: await keep(`${name}.${extension}`, picture) } };
}

const answerSchema = z.object({
  status: z.unknown(),
  request: z.object({ contents: z.array(z.object({ parts: z.array(z.unknown()).nullish() })).nullish() }),
  response: z.unknown(),
});

/** A 4096 x 4096 PNG that does not compress is 67 MB as base64. */
const maxLineBytes = 160 * 1024 * 1024;

export interface KeyedAnswer {
  readonly key: string;
  readonly answer: BatchAnswer;
}

/**
 * The answers of a results file, as they come. Lines that are no answer to a line of ours are passed over:
 * their calls have no answer.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` for a line of more than 160 MiB.
 */
export async function* batchAnswers(file: AsyncIterable<Uint8Array>): AsyncGenerator<KeyedAnswer> {
  for await (const line of linesOf(file)) {
    const answer = parsed(line);
    if (answer !== undefined) yield answer;
  }
}

async function* linesOf(file: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...chunks, chunk.subarray(start, end)]).toString('utf8');
      [chunks, length, start] = [[], 0, end + 1];
    }
    chunks.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > maxLineBytes) {
      throw new EditError('ENGINE_BAD_REPLY', `Expected lines of at most ${maxLineBytes} bytes, got more`);
    }
  }
  if (length > 0) yield Buffer.concat(chunks).toString('utf8');
}

function parsed(line: string): KeyedAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { data } = answerSchema.safeParse(value);
  const key = data && keyOf(data.request.contents ?? []);
  if (data === undefined || key === undefined) return undefined;
  const { status, response } = data;
  const fault = status === undefined || status === null || status === '' ? undefined : asText(status);
  return { key, answer: fault === undefined ? { response } : { fault } };
}

const asText = (status: unknown) => (typeof status === 'string' ? status : JSON.stringify(status));

/** `gs://bucket/any/prefix/{key}/0-1.png` -> `{key}`. */
function keyOf(contents: readonly { readonly parts?: readonly unknown[] | null | undefined }[]) {
  const uris = contents.flatMap(({ parts }) =>
    (parts ?? []).flatMap((part) => filePart.safeParse(part).data?.fileData.fileUri ?? []),
  );
  return uris.flatMap((uri) => /\/([\w.-]+)\/\d+-\d+\.\w+$/.exec(uri)?.[1] ?? [])[0];
}
