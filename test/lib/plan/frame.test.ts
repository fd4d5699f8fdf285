import { describe, expect, it } from 'vitest';
import type { Mask } from '../../../lib/pixels/raster.ts';
import { maskInFrame, planFrame } from '../../../lib/plan/frame.ts';

const sizes = [
  { width: 1024, height: 1024 },
  { width: 2048, height: 2048 },
  { width: 1200, height: 896 },
  { width: 896, height: 1200 },
];
const fixed = { kind: 'fixed', sizes } as const;
const image = { width: 6000, height: 4000 };

describe('planFrame', () => {
  it('sends a small crop unscaled to an engine without fixed sizes', () => {
    const context = { left: 5, top: 6, width: 300, height: 200 };
    expect(planFrame({ context, image, frames: { kind: 'free', maxSidePx: 1024 } })).toEqual({
      box: context,
      frame: { width: 300, height: 200 },
      content: { left: 0, top: 0, width: 300, height: 200 },
      scale: 1,
    });
  });

  it('reduces a large crop to the longest side', () => {
    const context = { left: 0, top: 0, width: 4096, height: 1024 };
    const plan = planFrame({ context, image, frames: { kind: 'free', maxSidePx: 1024 } });
    expect(plan.frame).toEqual({ width: 1024, height: 256 });
    expect(plan.scale).toBe(4);
  });

  it('grows to the ratio that needs the least growth, inside the image', () => {
    const context = { left: 0, top: 0, width: 1000, height: 750 };
    const plan = planFrame({ context, image, frames: fixed });
    expect(plan.frame).toEqual({ width: 1200, height: 896 });
    expect(plan.box).toEqual({ left: 0, top: 0, width: 1004, height: 750 });
    expect(plan.box.width / plan.box.height).toBeCloseTo(1200 / 896, 2);
  });

  it('takes the smallest sufficient size, else the largest of the ratio', () => {
    const square = (side: number) => ({ left: 100, top: 100, width: side, height: side });
    const frameOf = (side: number) => planFrame({ context: square(side), image, frames: fixed });
    expect(frameOf(1280).frame.width).toBe(1024);
    expect(frameOf(1281).frame.width).toBe(2048);
    expect(frameOf(3800).frame.width).toBe(2048);
    expect(frameOf(3800).scale).toBeCloseTo(3800 / 2048, 6);
  });

  it('stretches the crop when the image misses the ratio by up to 3 %', () => {
    const all = { left: 0, top: 0, width: 1190, height: 900 };
    const plan = planFrame({ context: all, image: all, frames: fixed });
    expect(plan.box).toEqual(all);
    expect(plan.content).toEqual({ left: 0, top: 0, width: 1200, height: 896 });
  });

  it('pads the frame when the image cannot hold the ratio', () => {
    const all = { left: 0, top: 0, width: 2000, height: 500 };
    const plan = planFrame({ context: all, image: all, frames: fixed });
    expect(plan.box).toEqual(all);
    expect(plan.frame).toEqual({ width: 1200, height: 896 });
    expect(plan.content).toEqual({ left: 0, top: 298, width: 1200, height: 300 });
    expect(plan.content.width / plan.content.height).toBeCloseTo(4, 2);
  });

  it('refuses an engine without sizes', () => {
    const context = { left: 0, top: 0, width: 1, height: 1 };
    expect(() => planFrame({ context, image, frames: { kind: 'fixed', sizes: [] } })).toThrow(
      /at least one frame size/,
    );
  });
});

describe('maskInFrame', () => {
  const image400 = { width: 400, height: 40 };
  const planOf = (maxSidePx: number) =>
    planFrame({
      context: { left: 0, top: 0, ...image400 },
      image: image400,
      frames: { kind: 'free', maxSidePx },
    });
  const masked = (isMasked: (x: number) => boolean): Mask => ({
    ...image400,
    channels: 1,
    data: Uint8Array.from({ length: 400 * 40 }, (_, i) => (isMasked(i % 400) ? 255 : 0)),
  });
  const shareOf = ({ data }: Mask) => data.filter((value) => value > 0).length / data.length;

  it('grows a mask by a fraction of the width of the crop', () => {
    const plan = planOf(400);
    expect(
      shareOf(
        maskInFrame(
          masked((x) => x < 100),
          plan,
          0.01,
        ),
      ),
    ).toBe(104 / 400);
  });

  it.each([
    ['of 2 px', 2],
    ['of 8 px', 8],
  ])('leaves known picture between stripes %s', (_, widthPx) => {
    const stripes = masked((x) => x % (2 * widthPx) < widthPx);
    const share = shareOf(maskInFrame(stripes, planOf(400), 0.01));
    expect(share).toBeGreaterThanOrEqual(0.5);
    expect(share).toBeLessThan(0.9);
  });

  it('leaves known picture between stripes that are finer than the pixels of the frame', () => {
    const share = shareOf(
      maskInFrame(
        masked((x) => x % 4 < 2),
        planOf(150),
        0.01,
      ),
    );
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.8);
  });
});
