import { type Changed, type Editor, wholeOf } from './editor.ts';
import { keepStep } from './mask/history.ts';
import { fillBox, fillCapsule, fillPolygon, type Point } from './mask/shapes.ts';
import { dropStep } from './mask/tiles.ts';

/** What is being drawn with brush, eraser, box or lasso; points are pixels of the picture. */
export interface Strokes {
  readonly editor: Editor;
  readonly changed: Changed;
  /** Where the last stroke is, or ended. */
  last: Point | undefined;
  /** 255 paints, 0 erases. */
  value: number;
  isDrawing: boolean;
}

export const newStrokes = (editor: Editor, changed: Changed): Strokes => ({
  editor,
  changed,
  last: undefined,
  value: 255,
  isDrawing: false,
});

/** A click moves less than this, CSS pixels. */
const clickPx = 4;

export const isRound = ({ tool }: Editor): boolean => tool === 'brush' || tool === 'eraser';

/** The other one: an eraser with the brush in hand, and the other way round. */
const valueFor = ({ tool }: Editor, isOther: boolean) => ((tool === 'eraser') !== isOther ? 0 : 255);

/** A brush of one pixel covers the pixel that it is on. */
const snapped = ({ sizePx }: Editor, { x, y }: Point): Point =>
  sizePx > 1 ? { x, y } : { x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5 };

function dab({ editor, changed, value }: Strokes, from: Point, to: Point): void {
  const capsule = { from: snapped(editor, from), to: snapped(editor, to), radius: editor.sizePx / 2 };
  changed({ mask: fillCapsule(editor.mask, capsule, value) });
}

function keep({ editor, changed }: Strokes): void {
  keepStep(editor.history, editor.mask);
  changed({ step: true });
}

export function beginStroke(strokes: Strokes, point: Point, isOther: boolean): void {
  const { editor } = strokes;
  strokes.isDrawing = true;
  strokes.last = point;
  if (isRound(editor) || editor.outline.length === 0) strokes.value = valueFor(editor, isOther);
  if (isRound(editor)) dab(strokes, point, point);
  else if (editor.outline.length === 0) editor.outline = [point];
}

export function moveStroke(strokes: Strokes, point: Point): void {
  const { editor, last, isDrawing, changed } = strokes;
  if (!isDrawing || last === undefined) return;
  strokes.last = point;
  if (isRound(editor)) dab(strokes, last, point);
  else {
    editor.outline = editor.tool === 'box' ? [editor.outline[0] ?? last, point] : [...editor.outline, point];
    changed({ guides: true });
  }
}

export function endStroke(strokes: Strokes): void {
  const { editor, isDrawing, changed } = strokes;
  if (!isDrawing) return;
  strokes.isDrawing = false;
  if (isRound(editor)) keep(strokes);
  else if (!isShort(editor)) closeOutline(strokes);
  else {
    // A click, not a drag: it set the first of several corners.
    editor.outline = editor.outline.slice(0, 1);
    changed({ guides: true });
  }
}

function isShort({ outline, view }: Editor): boolean {
  const [first] = outline;
  if (first === undefined) return true;
  return outline.every(({ x, y }) => Math.hypot(x - first.x, y - first.y) * view.zoom < clickPx);
}

/** Takes back what is being drawn. */
export function cancelStroke(strokes: Strokes): void {
  const { editor, changed } = strokes;
  strokes.isDrawing = false;
  editor.outline = [];
  dropStep(editor.mask);
  changed({ mask: wholeOf(editor) });
}

/** A line from where the last stroke ended. */
export function strokeTo(strokes: Strokes, point: Point, isOther: boolean): void {
  beginStroke(strokes, strokes.last ?? point, isOther);
  moveStroke(strokes, point);
}

/** Sets a corner of the box or the lasso; the second one ends a box. */
export function addCorner(strokes: Strokes, point: Point, isOther: boolean): void {
  const { editor, changed } = strokes;
  if (editor.outline.length === 0) strokes.value = valueFor(editor, isOther);
  editor.outline = [...editor.outline, point];
  if (editor.tool === 'box' && editor.outline.length === 2) closeOutline(strokes);
  else changed({ guides: true });
}

/** Fills the box or the lasso. */
export function closeOutline(strokes: Strokes): void {
  const { editor, value, changed } = strokes;
  const points = editor.outline;
  const [first, second] = points;
  editor.outline = [];
  if (first === undefined || second === undefined) {
    changed({ guides: true });
    return;
  }
  const area =
    editor.tool === 'box'
      ? fillBox(editor.mask, [first, second], value)
      : fillPolygon(editor.mask, points, value);
  changed({ mask: area });
  keep(strokes);
}
