import { type Changed, type Editor, resize } from './editor.ts';
import type { Point } from './mask/shapes.ts';
import {
  addCorner,
  beginStroke,
  cancelStroke,
  endStroke,
  isRound,
  moveStroke,
  type Strokes,
  strokeTo,
} from './strokes.ts';
import { halvesOf, pan, toPicture, zoomAt } from './viewport.ts';

interface Parts {
  readonly canvas: HTMLCanvasElement;
  readonly editor: Editor;
  readonly strokes: Strokes;
  readonly changed: Changed;
  /** Space is held down: dragging moves the picture. */
  readonly isPanning: () => boolean;
}

/** A stroke younger than this, or hardly moved, is taken back when a second finger comes. */
const accidentMs = 250;
const accidentPx = 10;
const wheelSpeed = 0.0015;
/** Browsers send pinches on a touchpad as a wheel with Ctrl, in small steps. */
const pinchSpeed = 0.01;

type Gesture =
  | { readonly kind: 'paint'; readonly startedAt: number; readonly from: Point }
  | { readonly kind: 'pan'; last: Point }
  | { readonly kind: 'pinch'; last: readonly [Point, Point] }
  | { readonly kind: 'compare' }
  | { readonly kind: 'size'; last: Point };

/** Mouse, pen and fingers on the picture. */
export function listenToPointers(parts: Parts): void {
  const { canvas, editor, changed } = parts;
  const fingers = new Map<number, Point>();
  let gesture: Gesture | undefined;
  let wasPenSeen = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (editor.picture === undefined) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    editor.crosshair = undefined;
    wasPenSeen ||= event.pointerType === 'pen';
    if (event.pointerType === 'touch') fingers.set(event.pointerId, pointOf(event));
    if (fingers.size === 2) {
      endForPinch(parts, gesture, fingers);
      gesture = { kind: 'pinch', last: [...fingers.values()] as [Point, Point] };
    } else if (gesture === undefined) gesture = start(parts, event, wasPenSeen);
  });
  canvas.addEventListener('pointermove', (event) => {
    editor.pointer = event.pointerType === 'touch' ? undefined : pointOf(event);
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, pointOf(event));
    if (gesture !== undefined) follow(parts, gesture, { event, fingers });
    else changed({ guides: true });
  });
  const finish = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (gesture?.kind === 'paint') endStroke(parts.strokes);
    // The finger that remains after a pinch paints nothing.
    if (gesture?.kind !== 'pinch' || fingers.size === 0) gesture = undefined;
  };
  canvas.addEventListener('pointerup', finish);
  canvas.addEventListener('pointercancel', (event) => {
    if (gesture?.kind === 'paint') cancelStroke(parts.strokes);
    finish(event);
  });
  canvas.addEventListener('pointerleave', () => {
    editor.pointer = undefined;
    changed({ guides: true });
  });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  canvas.addEventListener('wheel', (event) => zoomByWheel(parts, event), { passive: false });
}

const pointOf = (event: MouseEvent): Point => ({ x: event.offsetX, y: event.offsetY });

/** The same place of the picture lies in both halves where before and after are both seen. */
function inHalf({ canvas, editor }: Pick<Parts, 'canvas' | 'editor'>, { x, y }: Point): Point {
  const { comparison, picture } = editor;
  if (comparison?.isBeside !== true || picture === undefined) return { x, y };
  const { size } = halvesOf({ width: canvas.clientWidth, height: canvas.clientHeight }, picture);
  return { x: x % size.width, y: y % size.height };
}

const rightButton = 2;
const middleButton = 1;
/** The other end of a pen, as `button` tells it. */
const penEraser = 5;

function start(
  { editor, strokes, isPanning, changed }: Parts,
  event: PointerEvent,
  wasPenSeen: boolean,
): Gesture {
  const last = pointOf(event);
  const isFingerBesidePen = event.pointerType === 'touch' && wasPenSeen;
  const isBeside = editor.comparison?.isBeside === true;
  if (event.button === middleButton || isPanning() || isFingerBesidePen || isBeside)
    return { kind: 'pan', last };
  if (editor.comparison !== undefined) {
    moveLine(editor, last);
    changed({ all: true });
    return { kind: 'compare' };
  }
  if (event.button === rightButton && event.altKey) return { kind: 'size', last };
  paint({ editor, strokes }, event);
  return { kind: 'paint', startedAt: event.timeStamp, from: last };
}

function paint({ editor, strokes }: Pick<Parts, 'editor' | 'strokes'>, event: PointerEvent): void {
  const point = toPicture(editor.view, pointOf(event));
  const isOther = event.button === rightButton || event.button === penEraser || event.altKey;
  if (isRound(editor) && event.shiftKey) strokeTo(strokes, point, isOther);
  else if (!isRound(editor) && editor.outline.length > 0) addCorner(strokes, point, isOther);
  else beginStroke(strokes, point, isOther);
}

interface Movement {
  readonly event: PointerEvent;
  readonly fingers: ReadonlyMap<number, Point>;
}

function follow(parts: Parts, gesture: Gesture, { event, fingers }: Movement): void {
  const { editor, strokes, changed } = parts;
  const point = pointOf(event);
  if (gesture.kind === 'paint') {
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) moveStroke(strokes, target(editor, each));
  } else if (gesture.kind === 'compare') {
    moveLine(editor, point);
    changed({ all: true });
  } else if (gesture.kind === 'size') {
    resize(editor, Math.exp((point.x - gesture.last.x) / 100), changed);
    gesture.last = point;
  } else if (gesture.kind === 'pinch') pinch(parts, gesture, fingers);
  else {
    editor.view = pan(editor.view, point.x - gesture.last.x, point.y - gesture.last.y);
    gesture.last = point;
    changed({ all: true });
  }
}

/** Where a stroke goes to; with Ctrl the box is a square. */
function target(editor: Editor, event: PointerEvent): Point {
  const point = toPicture(editor.view, pointOf(event));
  const [first] = editor.outline;
  if (editor.tool !== 'box' || first === undefined || !(event.ctrlKey || event.metaKey)) return point;
  const side = Math.max(Math.abs(point.x - first.x), Math.abs(point.y - first.y));
  return {
    x: first.x + side * Math.sign(point.x - first.x),
    y: first.y + side * Math.sign(point.y - first.y),
  };
}

function moveLine(editor: Editor, point: Point): void {
  const { picture, comparison, view } = editor;
  if (picture === undefined || comparison === undefined) return;
  comparison.fraction = Math.min(1, Math.max(0, toPicture(view, point).x / picture.width));
}

function endForPinch(
  { strokes }: Parts,
  gesture: Gesture | undefined,
  fingers: ReadonlyMap<number, Point>,
): void {
  if (gesture?.kind !== 'paint') return;
  const [now = gesture.from] = fingers.values();
  const movedPx = Math.hypot(now.x - gesture.from.x, now.y - gesture.from.y);
  const isYoung = performance.now() - gesture.startedAt < accidentMs;
  if (isYoung || movedPx < accidentPx) cancelStroke(strokes);
  else endStroke(strokes);
}

function pinch(parts: Parts, gesture: Gesture & { kind: 'pinch' }, fingers: Movement['fingers']): void {
  const [first, second] = [...fingers.values()];
  if (first === undefined || second === undefined) return;
  const { editor, changed } = parts;
  const [a, b] = gesture.last;
  const before = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const now = { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
  const factor =
    Math.hypot(first.x - second.x, first.y - second.y) / Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const moved = pan(editor.view, now.x - before.x, now.y - before.y);
  editor.view = zoomAt(moved, inHalf(parts, now), factor);
  gesture.last = [first, second];
  changed({ all: true });
}

function zoomByWheel(parts: Parts, event: WheelEvent): void {
  const { editor, changed } = parts;
  if (editor.picture === undefined) return;
  event.preventDefault();
  const speed = event.ctrlKey ? pinchSpeed : wheelSpeed;
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  editor.view = zoomAt(editor.view, inHalf(parts, pointOf(event)), Math.exp(-event.deltaY * lines * speed));
  changed({ all: true });
}
