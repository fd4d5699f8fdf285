import type { Changed, Editor } from './editor.ts';
import { stepOf } from './keys.ts';
import type { Point } from './mask/shapes.ts';
import {
  addCorner,
  beginStroke,
  closeOutline,
  endStroke,
  isRound,
  moveStroke,
  type Strokes,
} from './strokes.ts';
import { pan, toPicture } from './viewport.ts';

interface Parts {
  readonly canvas: HTMLCanvasElement;
  readonly editor: Editor;
  readonly strokes: Strokes;
  readonly changed: Changed;
}

/** The picture moves when the cross-hair comes this near to the edge, CSS pixels. */
const edgePx = 20;

/** Painting without a pointer, while the picture has the focus. */
export function listenToCrosshair(parts: Parts): { readonly isHeld: () => boolean } {
  const { canvas, editor, strokes, changed } = parts;
  let isPainting = false;
  let isSpaceDown = false;
  const release = () => {
    isSpaceDown = false;
    if (isPainting) endStroke(strokes);
    isPainting = false;
  };
  canvas.addEventListener('keydown', (event) => {
    const step = stepOf(event);
    if (event.key === ' ') {
      isSpaceDown = true;
      if (!event.repeat) isPainting = press(parts);
    } else if (isClosing(event, editor)) closeOutline(strokes);
    else if (step !== undefined && canPaint(editor)) moveBy(parts, step, isPainting);
    else return;
    event.preventDefault();
  });
  canvas.addEventListener('keyup', ({ key }) => key === ' ' && release());
  canvas.addEventListener('blur', () => {
    release();
    editor.crosshair = undefined;
    changed({ guides: true });
  });
  return { isHeld: () => isSpaceDown && !isPainting };
}

const canPaint = (editor: Editor): boolean => editor.picture !== undefined && editor.comparison === undefined;

const isClosing = ({ key, ctrlKey, metaKey }: KeyboardEvent, { outline }: Editor): boolean =>
  key === 'Enter' && !ctrlKey && !metaKey && outline.length > 0;

/** @returns whether a stroke began. */
function press({ editor, strokes }: Parts): boolean {
  if (!canPaint(editor) || editor.crosshair === undefined) return false;
  const point = toPicture(editor.view, editor.crosshair);
  if (isRound(editor)) beginStroke(strokes, point, false);
  else addCorner(strokes, point, false);
  return isRound(editor);
}

function moveBy({ canvas, editor, strokes, changed }: Parts, step: Point, isPainting: boolean): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const from = editor.crosshair ?? editor.pointer ?? { x: width / 2, y: height / 2 };
  const wanted = { x: from.x + step.x, y: from.y + step.y };
  const x = Math.min(width - edgePx, Math.max(edgePx, wanted.x));
  const y = Math.min(height - edgePx, Math.max(edgePx, wanted.y));
  editor.crosshair = { x, y };
  const isAtEdge = x !== wanted.x || y !== wanted.y;
  if (isAtEdge) editor.view = pan(editor.view, x - wanted.x, y - wanted.y);
  if (isPainting) moveStroke(strokes, toPicture(editor.view, editor.crosshair));
  changed(isAtEdge ? { all: true } : { guides: true });
}
