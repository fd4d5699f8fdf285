import { type Fields, type Plan, readPlan } from './api.ts';
import type { Editor, Picture } from './editor.ts';
import { encodeMask } from './mask/png.ts';
import { factsOf } from './mask/tiles.ts';
import { usd } from './run.ts';
import { texts } from './texts.ts';
import { coverageOf } from './toolbar.ts';

/** After the last stroke, the service is asked what a run would do, ms. */
const quietMs = 600;
/** More than this share of the picture is said before anything is sent. */
const almostFull = 0.95;

export interface Facts {
  readonly update: () => void;
  /** Most that a run may cost; `undefined` when nobody knows. Throws what the service would refuse. */
  readonly costUsd: () => Promise<number | undefined>;
}

/** How much the mask covers, and what a run would do and cost, beneath the picture. */
export function createFacts(editor: Editor, line: HTMLElement, fields: () => Fields): Facts {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: AbortController | undefined;
  let plan: Plan | undefined;
  const show = () => {
    line.textContent = [describeMask(editor), plan && describePlan(plan)].filter(Boolean).join(', ');
  };
  const ask = async ({ width, height }: Picture): Promise<Plan> => {
    clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const blob = new Blob([await encodeMask(editor.mask)], { type: 'image/png' });
    signal.throwIfAborted();
    plan = await readPlan({ mask: blob, fields: fields(), size: { width, height } }, signal);
    show();
    return plan;
  };
  const update = () => {
    clearTimeout(timer);
    asked?.abort();
    plan = undefined;
    show();
    const { picture } = editor;
    if (picture === undefined || editor.comparison !== undefined) return;
    if (factsOf(editor.mask).edited > 0) {
      // What is refused is said when it is run, next to its cause.
      timer = setTimeout(() => ask(picture).catch(() => undefined), quietMs);
    }
  };
  const costUsd = async () => {
    if (editor.picture === undefined) return 0;
    return (plan ?? (await ask(editor.picture))).costEstimateUsd?.max;
  };
  return { update, costUsd };
}

function describeMask(editor: Editor): string {
  if (editor.picture === undefined) return '';
  const { edited } = factsOf(editor.mask);
  if (edited === 0) return texts.emptyMask;
  const isFull = edited > almostFull * editor.mask.width * editor.mask.height;
  return isFull ? texts.almostFull : texts.coverage(coverageOf(editor));
}

function describePlan({ regions, costEstimateUsd }: Plan): string {
  const { max } = costEstimateUsd ?? {};
  const cost = max === undefined ? texts.unknownCost : max === 0 ? texts.free : texts.upTo(usd(max));
  return texts.planned(regions.length, cost);
}
