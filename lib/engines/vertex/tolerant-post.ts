import { EditError } from '../../errors.ts';
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

/** Model -> fields that it refused; kept by a process for all its calls. */
export type RefusedFields = Map<string, Set<string>>;

/**
 * A post that leaves out an optional field that the model refused, and sends the rest again. The field stays
 * out of later calls. A refused call is not billed and not counted.
 *
 * @throws {EditError} as `post`; `MODEL_INCOMPATIBLE` when the refused field is not optional.
 */
export function tolerantPost(post: VertexPost, refused: RefusedFields): VertexPost {
  return async (call, signal) => {
    const { model, optionalFields = [] } = call;
    const known = refused.get(model) ?? new Set<string>();
    refused.set(model, known);
    for (;;) {
      const { body, dropped } = reduced(call, known);
      try {
        const answered = await post({ ...call, body }, signal);
        const warnings = dropped.map((path) => `${model} does not take ${path}: it was left out.`);
        return { ...answered, warnings: [...(answered.warnings ?? []), ...warnings] };
      } catch (error) {
        const refusal = refusalOf(error);
        const isNew = (path: string) => !dropped.includes(path) && without(body, path.split('.')) !== body;
        const more = optionalFields.filter((path) => refusal && isAbout(refusal, path) && isNew(path));
        if (more.length === 0) throw error;
        for (const path of more) known.add(path);
      }
    }
  };
}

function reduced({ body, optionalFields = [] }: VertexCall, known: ReadonlySet<string>) {
  let rest = body;
  const dropped: string[] = [];
  for (const path of optionalFields.filter((field) => known.has(field))) {
    const less = without(rest, path.split('.'));
    if (less !== rest) dropped.push(path);
    rest = less;
  }
  return { body: rest, dropped };
}

function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof EditError) || error.code !== 'MODEL_INCOMPATIBLE') return undefined;
  const { fields } = error.details ?? {};
  return { fields: Array.isArray(fields) ? fields.map(String) : [], message: error.message };
}
