import { el } from './dom.ts';
import { drawEdges, drawGuides, drawMask, drawPhoto } from './draw.ts';
import { type Change, type Editor, wholeOf } from './editor.ts';
import type { Area } from './mask/tiles.ts';
import { texts } from './texts.ts';
import { fitted, halvesOf, type Viewport } from './viewport.ts';

export interface Stage {
  readonly element: HTMLElement;
  /** The top layer: it takes pointers, keys and focus. */
  readonly canvas: HTMLCanvasElement;
  readonly draw: (change: Change) => void;
  readonly fit: () => void;
  /** CSS pixels; of one half where before and after are both seen. */
  readonly size: () => { readonly width: number; readonly height: number };
}

const canvasOf = (attributes: Readonly<Record<string, string>>) => el('canvas', { attributes });

/** Three layers: the photo, the mask, and what the tools draw. Each is as large as it is seen. */
export function createStage(editor: Editor): Stage {
  const photo = canvasOf({ 'aria-hidden': 'true' });
  const mask = canvasOf({ 'aria-hidden': 'true' });
  const guides = canvasOf({
    role: 'application',
    tabindex: '0',
    'aria-label': texts.canvas,
    'aria-describedby': 'canvas-keys',
  });
  const keys = el('p', { class: 'unseen', text: texts.canvasKeys, attributes: { id: 'canvas-keys' } });
  const element = el('div', { class: 'layers' }, photo, mask, guides, keys);
  const layers = [photo, mask, guides];
  const size = () => {
    const whole = { width: element.clientWidth, height: element.clientHeight };
    const { comparison, picture } = editor;
    return comparison?.isBeside === true && picture !== undefined ? halvesOf(whole, picture).size : whole;
  };
  const draw = drawer(
    editor,
    layers.map((layer) => layer.getContext('2d')!),
  );
  const fitPicture = () => {
    if (editor.picture === undefined) return;
    editor.view = fitted(editor.picture, size());
    draw({ all: true });
  };
  new ResizeObserver(() => {
    const { clientWidth, clientHeight } = element;
    const scale = devicePixelRatio;
    for (const layer of layers) {
      layer.width = Math.max(1, Math.round(clientWidth * scale));
      layer.height = Math.max(1, Math.round(clientHeight * scale));
    }
    fitPicture();
  }).observe(element);
  return { element, canvas: guides, draw, fit: fitPicture, size };
}

function union(a: Area | undefined, b: Area): Area {
  if (a === undefined) return b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** A soft edge is shown when nothing has moved for so long, ms. */
const restMs = 150;

const deviceView = ({ view: { zoom, x, y } }: Editor, scale: number): Viewport => ({
  ...{ zoom: zoom * scale, x: x * scale, y: y * scale },
});

/** Draws once a frame what has changed since the last one. */
function drawer(editor: Editor, contexts: readonly CanvasRenderingContext2D[]) {
  const [photo, mask, guides] = contexts as [
    CanvasRenderingContext2D,
    CanvasRenderingContext2D,
    CanvasRenderingContext2D,
  ];
  let isPending = false;
  let isAll = false;
  let area: Area | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const paint = () => {
    isPending = false;
    const scale = devicePixelRatio;
    const view = deviceView(editor, scale);
    clearTimeout(timer);
    if (isAll) {
      drawPhoto(photo, editor, view);
      mask.clearRect(0, 0, mask.canvas.width, mask.canvas.height);
    }
    const dirty = isAll ? wholeOf(editor) : area;
    if (dirty !== undefined) drawMask(mask, editor, view, dirty);
    if (editor.growPx > 0) drawEdges(mask, editor, view);
    else if (editor.featherPx > 0)
      timer = setTimeout(() => drawEdges(mask, editor, deviceView(editor, scale)), restMs);
    drawGuides(guides, editor, view, scale);
    isAll = false;
    area = undefined;
  };
  return (change: Change) => {
    isAll ||= change.all === true;
    if (change.mask !== undefined) area = union(area, change.mask);
    if (isPending) return;
    isPending = true;
    requestAnimationFrame(paint);
  };
}
