import { z } from 'zod';
import type { BatchAnswer, BatchSide, InpaintReply, InpaintRequest } from '../../engines/engine.ts';
import { asEditError } from '../../errors.ts';
import { jsonText } from '../../requests/plain-json.ts';
import { type BatchedCall, isFinal } from '../claim/claim.ts';
import { batchNames, lineKey } from '../inputs/names.ts';
import type { BatchStore } from './record.ts';

interface AnswerOptions extends BatchStore {
  readonly job: string;
  /** As the claim of the job has it. */
  readonly batch: BatchedCall | undefined;
  readonly checkReply: (reply: InpaintReply) => Promise<void>;
  readonly isAnswer: (reply: InpaintReply, request: InpaintRequest) => Promise<boolean>;
}

interface ToldByBatch {
  readonly reply?: InpaintReply;
  /** A sentence about a batch that brought nothing that can be used. */
  readonly fault?: string;
}

/**
 * The reply of a batch to this call, where one was asked. What a batch could not carry out is asked again:
 * only what the model itself said ends a job.
 *
 * @throws {EditError} `ENGINE_FILTERED`, `ENGINE_REFUSED` as the engine does.
 */
export async function answerOfBatch(
  side: BatchSide | undefined,
  request: InpaintRequest,
  options: AnswerOptions,
  signal: AbortSignal,
): Promise<ToldByBatch> {
  const { batch, checkReply, isAnswer } = options;
  if (side === undefined || batch?.key !== request.key) return {};
  const answers = await answersTo(request, { ...options, name: batch.name }, signal);
  if (answers.every((answer) => 'fault' in answer))
    return { fault: 'The batch had no answer: the model was asked again at its full price.' };
  try {
    const reply = side.replyOf(request, answers);
    await checkReply(reply);
    if (await isAnswer(reply, request)) return { reply };
  } catch (thrown) {
    const error = asEditError(thrown);
    if (isFinal(error)) throw error;
  }
  return { fault: 'The answer of the batch was of no use: the model was asked again at its full price.' };
}

const missing: BatchAnswer = {
  fault: '{"error": {"code": 504, "message": "The batch has no answer to this call"}}',
};

const schema = z.union([z.object({ fault: z.string() }), z.object({ response: z.unknown() })]);
/** As long as a line may be. */
const maxAnswerBytes = 160 * 1024 * 1024;

/** One for each candidate. */
function answersTo(
  { key, samples }: InpaintRequest,
  { store, controlBucket, job, name }: AnswerOptions & { readonly name: string },
  signal: AbortSignal,
): Promise<readonly BatchAnswer[]> {
  const read = async (candidate: number): Promise<BatchAnswer> => {
    const object = batchNames(name).answer(lineKey({ job, key }, candidate));
    const info = await store.stat({ bucket: controlBucket, name: object }, signal);
    const bytes = info && (await store.read(info, { maxBytes: maxAnswerBytes, signal }));
    if (bytes === undefined) return missing;
    return jsonText.pipe(schema).safeParse(new TextDecoder().decode(bytes)).data ?? missing;
  };
  return Promise.all(Array.from({ length: samples }, (_, candidate) => read(candidate)));
}
