import { asEditError, type EditError } from '../../errors.ts';
import type { BatchAnswer, InpaintOutcome, InpaintReply } from '../engine.ts';
import { requireImage } from '../images.ts';
import type { ModelEntry } from '../model-entry.ts';
import { sumUsage, type Usage, usageOf } from '../usage.ts';
import { statusError } from '../vertex/errors.ts';
import { parseCandidate } from './reply.ts';

interface BatchModel {
  readonly model: string;
  readonly location: string;
  readonly entry: ModelEntry | undefined;
}

/**
 * The answers of a batch to the calls of one request -> the reply that the calls would have given. A call
 * without an answer becomes a warning, as long as another has a picture.
 *
 * @throws {EditError} the first fault, when there is no picture at all; what `requireImage` throws.
 */
export function batchReply(
  facts: BatchModel,
  answers: readonly BatchAnswer[],
  secrets: readonly (string | undefined)[],
): InpaintReply {
  const { model, entry } = facts;
  const outcomes: InpaintOutcome[] = [];
  const usages: (Usage | undefined)[] = [];
  const faults: EditError[] = [];
  for (const answer of answers) {
    try {
      if ('fault' in answer) throw faultOf(answer.fault, facts, secrets);
      outcomes.push(parseCandidate(answer.response, model).outcome);
      usages.push(usageOf(answer.response, entry, 'batch'));
    } catch (error) {
      faults.push(asEditError(error));
    }
  }
  const calls = outcomes.length;
  const [fault] = faults;
  const hasPicture = outcomes.some(({ kind }) => kind === 'image');
  if (fault !== undefined && !hasPicture) throw fault.withBilling({ calls, mayBeBilled: calls > 0 });
  const usage = sumUsage(usages);
  const missing = `${faults.length} of ${answers.length} candidates are missing: ${fault?.code}.`;
  return {
    outcomes: requireImage(outcomes, { model, calls }),
    warnings: fault === undefined ? [] : [missing],
    calls,
    ...(usage && { usage }),
  };
}

/** `Bad Request: {"error": {...}}`, or other words -> what it means as the answer to a call. */
function faultOf(said: string, facts: BatchModel, secrets: readonly (string | undefined)[]): EditError {
  const json = said.slice(Math.max(0, said.indexOf('{')));
  const code = /"code"\s*:\s*(?<code>\d{1,3})/.exec(json)?.groups?.['code'];
  const status = code === undefined ? 400 : httpStatus(Number(code));
  const isError = json.startsWith('{"error"');
  return statusError(status, isError ? json : JSON.stringify({ error: { message: said } }), {
    ...facts,
    successor: facts.entry?.successor,
    retryAfterMs: undefined,
    secrets: secrets.filter((secret) => secret !== undefined),
  });
}

/** Codes of `google.rpc.Code` beside those of HTTP. @see https://grpc.io/docs/guides/status-codes */
const ofGrpc: Readonly<Record<number, number>> = { 3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 13: 500, 14: 503 };
const httpStatus = (code: number): number => ofGrpc[code] ?? (code < 100 ? 500 : code);
