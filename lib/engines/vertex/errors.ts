import { z } from 'zod';
import { EditError, type ErrorCode } from '../../errors.ts';
import { isOfRequest, refusalIn } from './refused-fields.ts';
import { supportCodeReason } from './support-codes.ts';

/** What is known about a call when its answer is translated. */
interface CallFacts {
  readonly model: string;
  readonly location: string;
  readonly retryAfterMs: number | undefined;
  /** Text the caller sent; an error message that repeats some of it is not passed on. */
  readonly secrets: readonly string[];
  /** The model to set instead when this one is gone. */
  readonly successor: string | undefined;
  /** As in `VertexCall`. */
  readonly askedFields?: readonly string[] | undefined;
}

const errorBody = z.object({
  error: z
    .object({
      message: z.string().catch(''),
      status: z.string().catch(''),
      details: z.array(z.unknown()).catch([]),
    })
    .partial(),
});

/**
 * A prompt blocked by policy and a malformed request are both 400 `INVALID_ARGUMENT`: the message is
 * the only difference, so this is the one place where message text is matched.
 */
const policyWords = /responsible ai|usage guidelines|sensitive words|polic(y|ies)|support codes?:/i;

/** Longer messages are cut: a person reads them. */
const maxMessageLength = 300;
/** This many equal characters in a row are a quotation, not chance. */
const quotationLength = 12;

/** True when `message` repeats a secret, or a run of {@link quotationLength} characters of it. */
function quotes(message: string, secret: string): boolean {
  if (secret.length <= quotationLength) return secret.length > 0 && message.includes(secret);
  for (let at = 0; at + quotationLength <= message.length; at++) {
    if (secret.includes(message.slice(at, at + quotationLength))) return true;
  }
  return false;
}

/** The message of the service, unless it repeats what was sent. */
function safeMessage(message: string, secrets: readonly string[]): string {
  const isQuotation = secrets.some((secret) => quotes(message, secret));
  if (message === '' || isQuotation) return 'no message that may be repeated';
  return message.replace(/[A-Za-z0-9+/=_-]{60,}/g, '...').slice(0, maxMessageLength);
}

/**
 * An HTTP status of a model API -> the coded error it means. The message names model, location and
 * status, and never what was sent.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors
 */
export function statusError(status: number, body: string, facts: CallFacts): EditError {
  const { model, location, retryAfterMs } = facts;
  const { message, reason, more } = readErrorBody(body);
  const details = { model, location, httpStatus: status, ...(reason && { reason }) };
  const said = safeMessage(message, facts.secrets);
  const fault = (code: ErrorCode, sentence: string, waitMs?: number) =>
    new EditError(code, sentence, { details, retryAfterMs: waitMs });
  if (status === 404) return retired(facts, details);
  if (status === 401 || status === 403 || reason === 'FAILED_PRECONDITION') {
    return fault('MODEL_PERMISSION', `Expected to be allowed to call ${model}, got ${status}: ${said}`);
  }
  if (status === 429) {
    return fault('MODEL_QUOTA', `Expected quota for ${model} in ${location}, got 429: ${said}`, retryAfterMs);
  }
  if (status === 408 || status >= 500) {
    return fault('MODEL_UNAVAILABLE', `Expected ${model} to answer, got ${status}`, retryAfterMs);
  }
  if (status >= 300 && status < 400) {
    return fault('CONFIG_INVALID', `Expected the model API at MODEL_BASE_URL, got redirect ${status}`);
  }
  if (policyWords.test(message)) {
    const why = supportCodeReason(message);
    return new EditError('ENGINE_REFUSED', `Expected ${model} to accept the request, got blocked: ${why}`, {
      details: { ...details, reasons: [why] },
    });
  }
  const refusal = status === 400 ? refusalIn(message, more) : undefined;
  if (refusal === undefined || isOfRequest(refusal, facts.askedFields ?? [])) {
    return fault('ENGINE_REJECTED', `Expected ${model} to accept the request, got ${status}: ${said}`);
  }
  const { fields } = refusal;
  const what = fields.length === 0 ? 'a refusal' : fields.join(', ');
  return new EditError(
    'MODEL_INCOMPATIBLE',
    `Expected ${model} to take every field that is sent, got 400 for ${what}: ${said}`,
    { details: { ...details, fields } },
  );
}

function retired(facts: CallFacts, details: Readonly<Record<string, unknown>>): EditError {
  const { model, location, successor } = facts;
  const instead = successor === undefined ? 'a model that is served there' : successor;
  return new EditError(
    'MODEL_RETIRED',
    `Expected ${model} to be served in ${location}, got 404: set MODEL to ${instead}, or LOCATION to where it is`,
    { details: { ...details, ...(successor !== undefined && { successor }) } },
  );
}

interface ErrorFacts {
  readonly message: string;
  readonly reason: string;
  /** `details` of the error. */
  readonly more: readonly unknown[];
}

function readErrorBody(body: string): ErrorFacts {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: '', reason: '', more: [] };
  }
  // Streaming endpoints wrap the error in an array.
  const parsed = errorBody.safeParse(Array.isArray(value) ? value[0] : value);
  const { message = '', status = '', details = [] } = parsed.data?.error ?? {};
  return { message, reason: status, more: details };
}
