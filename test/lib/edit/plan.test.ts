import { describe, expect, it } from 'vitest';
import { planRepaints } from '../../../lib/edit/plan.ts';
import type { Frames } from '../../../lib/engines/engine.ts';
import { boxedMask } from '../../../lib/pixels/boxed-mask.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { paintEngine } from '../../support/engines.ts';
import { boxMask } from '../../support/pictures.ts';

const size = { width: 600, height: 400 };
const defaults = { dilationPx: 0, featherPx: 8, maxRegions: 4 };

describe('planRepaints', () => {
  it.each([
    ['cut off there for an engine that takes any ratio', { kind: 'free', maxSidePx: 1024 }, 164],
    ['moved inside for one with fixed sizes', { kind: 'fixed', sizes: [{ width: 64, height: 64 }] }, 228],
  ] satisfies [string, Frames, number][])('the context of a mask at the border is %s', (_, frames, width) => {
    const mask = boxedMask(boxMask(size, { left: 500, top: 150, width: 100, height: 100 }));
    const { engine } = paintEngine(() => undefined, { frames });
    const { repaints } = planRepaints({ mask, size, engine, request: parseRequest({}), defaults });
    expect(repaints.map(({ plan }) => plan.box.width)).toEqual([width]);
  });
});
