import type { Fields, Plan } from './answers.ts';
import { patiently, readPlan } from './api.ts';
import type { Editor, Picture } from './editor.ts';
import { encodeMask } from './mask/png.ts';
import { factsOf } from './mask/tiles.ts';
import { usd } from './run.ts';
import { decimal, texts } from './texts.ts';

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
  let looking: Promise<Plan> | undefined;
  const ask = async ({ width, height }: Picture, signal = new AbortController().signal): Promise<Plan> => {
    const blob = new Blob([await encodeMask(editor.mask)], { type: 'image/png' });
    signal.throwIfAborted();
    return readPlan({ mask: blob, fields: fields(), size: { width, height } }, signal);
  };
  const look = async (picture: Picture) => {
    asked = new AbortController();
    const { signal } = asked;
    looking = ask(picture, signal);
    const next = await looking;
    signal.throwIfAborted();
    plan = next;
    show();
  };
  let changes = 0;
  const update = () => {
    changes++;
    clearTimeout(timer);
    asked?.abort();
    looking = undefined;
    plan = undefined;
    show();
    const { picture } = editor;
    if (picture === undefined || editor.comparison !== undefined || factsOf(editor.mask).edited === 0) return;
    // What is refused is said when it is run, next to its cause.
    timer = setTimeout(() => look(picture).catch(() => undefined), quietMs);
  };
  const costUsd = async () => {
    if (editor.picture === undefined) return 0;
    clearTimeout(timer);
    const picture = editor.picture;
    // One that is on its way is waited for: the service makes few plans at once.
    const seen = changes;
    const now = plan ?? (await looking?.catch(() => undefined)) ?? (await patiently(() => ask(picture)));
    if (seen === changes) {
      plan = now;
      show();
    }
    return now.costEstimateUsd?.max;
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

/** `3.4 %`, and never 0 for a mask that is not empty. */
export function coverageOf({ mask }: Editor): string {
  const { edited } = factsOf(mask);
  const percent = (edited / (mask.width * mask.height)) * 100;
  return percent > 0 && percent < 0.1 ? `< ${decimal(0.1)} %` : `${decimal(percent)} %`;
}

function describePlan({ regions, costEstimateUsd }: Plan): string {
  const { max } = costEstimateUsd ?? {};
  const cost = max === undefined ? texts.unknownCost : max === 0 ? texts.free : texts.upTo(usd(max));
  return texts.planned(regions.length, cost);
}
