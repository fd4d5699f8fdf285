import type { Point } from './mask/shapes.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Where the picture lies in the view: a pixel of the picture is `zoom` wide; `x`, `y` is its corner. CSS
 * pixels.
 */
export interface Viewport {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const zoomLimits = { least: 0.05, most: 16 };

/** Space around a picture that fits, CSS pixels. */
const marginPx = 24;

/** The whole picture in the middle, not magnified. */
export function fitted(picture: Size, view: Size): Viewport {
  const margin = Math.min(marginPx, view.width * 0.03);
  const zoom = Math.min(
    1,
    (view.width - 2 * margin) / picture.width,
    (view.height - 2 * margin) / picture.height,
  );
  return centred(picture, view, Math.max(zoom, 0.01));
}

export function centred(picture: Size, view: Size, zoom: number): Viewport {
  return {
    zoom,
    x: (view.width - picture.width * zoom) / 2,
    y: (view.height - picture.height * zoom) / 2,
  };
}

/** A point of the picture in the middle, at 100 %. */
export const lookingAt = ({ x, y }: Point, view: Size): Viewport => ({
  zoom: 1,
  x: view.width / 2 - x,
  y: view.height / 2 - y,
});

/** A view that is not clearly wider than tall, as on a phone. */
const narrowRatio = 1.25;

/**
 * Before and after at once, side by side; in a narrow view above one another, where that shows more.
 *
 * @returns the size of a half, and where the second one begins.
 */
export function halvesOf(
  { width, height }: Size,
  picture: Size,
): { readonly size: Size; readonly second: Point } {
  const beside = { size: { width: width / 2, height }, second: { x: width / 2, y: 0 } };
  const above = { size: { width, height: height / 2 }, second: { x: 0, y: height / 2 } };
  const zoomOf = ({ size }: typeof beside) =>
    Math.min(size.width / picture.width, size.height / picture.height);
  return width < narrowRatio * height && zoomOf(above) > zoomOf(beside) ? above : beside;
}

/** Zooms by a factor; what is at `point` of the view stays there. */
export function zoomAt(view: Viewport, point: Point, factor: number): Viewport {
  const least = Math.min(zoomLimits.least, view.zoom);
  const zoom = Math.min(zoomLimits.most, Math.max(least, view.zoom * factor));
  const scale = zoom / view.zoom;
  return { zoom, x: point.x - (point.x - view.x) * scale, y: point.y - (point.y - view.y) * scale };
}

export const pan = (view: Viewport, dx: number, dy: number): Viewport => ({
  ...view,
  x: view.x + dx,
  y: view.y + dy,
});

export const toPicture = ({ zoom, x, y }: Viewport, point: Point): Point => ({
  x: (point.x - x) / zoom,
  y: (point.y - y) / zoom,
});

export const toView = ({ zoom, x, y }: Viewport, point: Point): Point => ({
  x: point.x * zoom + x,
  y: point.y * zoom + y,
});
