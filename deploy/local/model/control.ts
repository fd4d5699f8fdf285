import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { type BehaviourPlan, behaviourSchema } from './behaviour.ts';
import type { CallLog } from './call-log.ts';
import { parseBody } from './fields.ts';

export const controlPrefix = '/_control/';

const planSchema = z.strictObject({
  behaviour: behaviourSchema,
  times: z.int().min(1).max(1000).optional(),
});

/**
 * The emulator's own switches, for programs in another process:
 *
 * | request | does |
 * |---|---|
 * | `POST /_control/behaviour` | `{ "behaviour": {...}, "times": n }`: the next n calls, or all without `times` |
 * | `DELETE /_control/behaviour` | well-behaved again |
 * | `GET`, `DELETE /_control/calls` | shows the calls; forgets them |
 *
 * @throws {ApiError} 404 for any other request, 400 for what is no behaviour.
 */
export function control(
  { plan, log }: { readonly plan: BehaviourPlan; readonly log: CallLog },
  method: string | undefined,
  path: string,
  body: unknown,
): unknown {
  switch (`${method} ${path.slice(controlPrefix.length)}`) {
    case 'POST behaviour': {
      const { behaviour, times } = parseBody(planSchema, body);
      plan.set(behaviour, times);
      return {};
    }
    case 'DELETE behaviour':
      plan.reset();
      return {};
    case 'GET calls':
      return { calls: log.calls() };
    case 'DELETE calls':
      log.clear();
      return {};
    default:
      throw new ApiError(404, `Expected a switch of the emulator, got ${method} ${path.slice(0, 100)}`);
  }
}
