import { z } from 'zod';
import { ApiError } from './api-error.ts';

/** Text of a header or query -> the value its field wants; JSON values pass as they are. */
const flag = z.union([z.boolean(), z.literal(['', 'true', 'false']).transform((text) => text !== 'false')]);
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
const enumName = z.string().regex(/^[A-Z_]{2,60}$/);

/**
 * How a model misbehaves, on demand. All of them combine: `shift=3, jpeg, slow=200`.
 *
 * | name | what happens |
 * |---|---|
 * | `shift=n` | the picture moves n px right and down, in pixels of the answer |
 * | `zoom=p` | it grows by p percent around its centre |
 * | `brighten=n` | every sample rises by n levels |
 * | `blur=s` | Gaussian blur of s px |
 * | `size=WxH` | another size than asked for |
 * | `exact` | none of the small changes that real models make outside the mask |
 * | `unedited` | nothing is edited: the input comes back |
 * | `palette`, `jpeg`, `truncated` | palette PNG; JPEG labelled as asked; a file cut in half |
 * | `filtered=all` or `filtered=n` | all, or n, of the candidates are filtered |
 * | `refusal` | words instead of a picture; a prompt blocked by policy at `:predict` |
 * | `finishReason=NAME`, `blockReason=NAME` | Gemini stops for that reason, without a picture |
 * | `empty` | no predictions, no candidates |
 * | `thoughts=n`, `draftsOnly` | n drafts before the picture; drafts and no picture |
 * | `garbage` | 200 with a body that is no JSON |
 * | `status=n`, `retryAfter=s` | this error, with `Retry-After` |
 * | `slow=ms`, `hang`, `reset` | late, never, or a broken connection |
 */
export const behaviourSchema = z.strictObject({
  shift: number.pipe(z.int().min(-256).max(256)).optional(),
  zoom: number.pipe(z.number().min(-50).max(50)).optional(),
  brighten: number.pipe(z.int().min(-255).max(255)).optional(),
  blur: number.pipe(z.number().min(0.3).max(100)).optional(),
  size: z
    .string()
    .regex(/^[1-9]\d{0,3}x[1-9]\d{0,3}$/)
    .optional(),
  exact: flag.optional(),
  unedited: flag.optional(),
  palette: flag.optional(),
  jpeg: flag.optional(),
  truncated: flag.optional(),
  filtered: z.union([z.literal('all'), number.pipe(z.int().min(1).max(8))]).optional(),
  refusal: flag.optional(),
  finishReason: enumName.optional(),
  blockReason: enumName.optional(),
  empty: flag.optional(),
  thoughts: number.pipe(z.int().min(0).max(8)).optional(),
  draftsOnly: flag.optional(),
  garbage: flag.optional(),
  status: number.pipe(z.literal([400, 401, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504])).optional(),
  retryAfter: number.pipe(z.number().min(0)).optional(),
  slow: number.pipe(z.int().min(0).max(3_600_000)).optional(),
  hang: flag.optional(),
  reset: flag.optional(),
});

export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

/** @throws {ApiError} 400 naming what is no behaviour. */
export function parseBehaviour(value: unknown): Behaviour {
  const parsed = behaviourSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ApiError(400, `Expected a behaviour the emulator knows, got ${faults.join('; ')}`);
}

/** `shift=3, jpeg` -> `{ shift: 3, jpeg: true }`. */
export function behaviourFromText(text: string): Behaviour {
  const entries = text
    .split(/[,;]/)
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const [name = '', value = ''] = item.split('=', 2);
      return [name.trim(), value.trim()] as const;
    });
  return parseBehaviour(Object.fromEntries(entries));
}

/** What the next calls shall do: a standing behaviour, and a list of passing ones before it. */
export interface BehaviourPlan {
  /** For the next `times` calls; for all calls from now on when left out. */
  set(behaviour: Behaviour, times?: number): void;
  /** Takes one call's behaviour; `asked` comes with the request and wins. */
  take(asked: Behaviour): Behaviour;
  reset(): void;
}

export function behaviourPlan(): BehaviourPlan {
  let standing: Behaviour = {};
  let passing: Behaviour[] = [];
  return {
    set: (behaviour, times) => {
      if (times === undefined) standing = behaviour;
      else passing.push(...Array.from({ length: times }, () => behaviour));
    },
    take: (asked) => ({ ...standing, ...passing.shift(), ...asked }),
    reset: () => {
      standing = {};
      passing = [];
    },
  };
}
