import { requireImage } from '../outcomes.ts';
import type { PictureReply } from '../picture-engines.ts';
import { modelPath } from '../vertex/url.ts';
import type { VertexPost } from '../vertex/vertex.ts';
import { parsePredictions } from './predictions.ts';

interface PredictCall {
  readonly post: VertexPost;
  readonly model: string;
  readonly successor: string | undefined;
  readonly body: unknown;
  readonly samples: number;
  readonly secrets: readonly (string | undefined)[];
}

/** Sends one `:predict` to a Google-published model and reads its pictures. */
export async function predictPictures(call: PredictCall, signal: AbortSignal): Promise<PictureReply> {
  const { post, model, successor, body, samples, secrets } = call;
  const path = modelPath(model, 'predict');
  const { value, calls } = await post({ path, body, model, successor, secrets }, signal);
  const { predictions, safety } = parsePredictions(value, model);
  const outcomes = predictions.map(({ outcome }) => outcome);
  const missing = samples - outcomes.length;
  return {
    outcomes: requireImage(outcomes, { model, calls }),
    enhancedPrompts: predictions.flatMap(({ enhancedPrompt }) => enhancedPrompt ?? []),
    warnings: missing > 0 ? [`${model} gave ${missing} of ${samples} candidates without a word.`] : [],
    calls,
    ...(safety.length > 0 && { safety }),
  };
}
