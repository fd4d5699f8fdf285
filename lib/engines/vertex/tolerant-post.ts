import { EditError } from '../../errors.ts';
import type { ModelTier } from '../usage.ts';
import { leafOf, letters, type Refusal } from './refused-fields.ts';
import type { VertexCall, VertexPost } from './vertex.ts';

/** True when a refusal is about a field of the body, or about something inside it. */
function isAbout({ fields, message }: Refusal, path: string): boolean {
  const leaf = leafOf(path);
  // "Thinking level is not supported" is about `thinkingConfig`.
  if (fields.length === 0) return letters(message).includes(letters(leaf.replace(/Config$/, '')));
  return fields.some((field) => field === leaf || field === path || field.startsWith(`${path}.`));
}

/** The body without a field; lists on the way are walked. The same object where the field is not there. */
function without(body: unknown, [name, ...rest]: readonly string[]): unknown {
  if (Array.isArray(body)) {
    const parts = body.map((part) => without(part, [name ?? '', ...rest]));
    return parts.some((part, n) => part !== body[n]) ? parts : body;
  }
  if (typeof body !== 'object' || body === null || name === undefined) return body;
  const { [name]: value, ...others } = body as Readonly<Record<string, unknown>>;
  if (value === undefined) return body;
  if (rest.length === 0) return others;
  const inner = without(value, rest);
  return inner === value ? body : { ...body, [name]: inner };
}

/** Model -> fields and tiers that it refused; kept by a process for all its calls. */
export type RefusedFields = Map<string, Set<string>>;

/**
 * A post that leaves out an optional field, or a tier, that the model refused, and sends the rest again. It
 * stays out of later calls. A refused call is not billed and not counted.
 *
 * @throws {EditError} as `post`; `MODEL_INCOMPATIBLE` when the refused field is not optional.
 */
export function tolerantPost(post: VertexPost, refused: RefusedFields): VertexPost {
  return async (call, signal) => {
    const { model } = call;
    const known = refused.get(model) ?? new Set<string>();
    refused.set(model, known);
    for (;;) {
      const sent = reduced(call, known);
      try {
        const answered = await post(sent.call, signal);
        const warnings = sent.dropped.map((path) => `${model} does not take ${path}: it was left out.`);
        return { ...answered, warnings: [...(answered.warnings ?? []), ...warnings] };
      } catch (error) {
        const more = refusedOf(sent.call, error);
        if (more.length === 0) throw error;
        for (const path of more) known.add(path);
      }
    }
  };
}

/** What a refused call can do without. */
function refusedOf({ body, tier, optionalFields = [] }: VertexCall, error: unknown): readonly string[] {
  const refusal = refusalOf(error);
  if (refusal === undefined) return [];
  const isSent = (path: string) => without(body, path.split('.')) !== body;
  const fields = optionalFields.filter((path) => isAbout(refusal, path) && isSent(path));
  return tier !== undefined && isAboutTier(refusal, tier) ? [...fields, tierName(tier)] : fields;
}

/** How a tier stands among the refused fields, and in warnings. */
const tierName = (tier: ModelTier): string => `the tier ${tier}`;

/** "Flex PayGo is not supported for this model", or the name of the header. */
function isAboutTier({ message }: Refusal, tier: ModelTier): boolean {
  const said = letters(message);
  return tier !== 'standard' && (said.includes(tier) || said.includes('sharedrequesttype'));
}

/** The call without what is known to be refused. */
function reduced(
  call: VertexCall,
  known: ReadonlySet<string>,
): { readonly call: VertexCall; readonly dropped: readonly string[] } {
  const { optionalFields = [], tier = 'standard' } = call;
  const hasTier = !known.has(tierName(tier));
  const dropped: string[] = hasTier ? [] : [tierName(tier)];
  let { body } = call;
  for (const path of optionalFields.filter((field) => known.has(field))) {
    const less = without(body, path.split('.'));
    if (less !== body) dropped.push(path);
    body = less;
  }
  return { call: { ...call, body, tier: hasTier ? tier : 'standard' }, dropped };
}

function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof EditError) || error.code !== 'MODEL_INCOMPATIBLE') return undefined;
  const { fields } = error.details ?? {};
  return { fields: Array.isArray(fields) ? fields.map(String) : [], message: error.message };
}
