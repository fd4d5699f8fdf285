import { emptyHistory, type History, keepStep, redo, undo } from './mask/history.ts';
import type { Point } from './mask/shapes.ts';
import { type Area, dropStep, emptyMask, type TileMask } from './mask/tiles.ts';
import type { Viewport } from './viewport.ts';

export interface Picture {
  /** As it was opened: its own bytes are sent. */
  readonly file: File;
  /** Where the bucket has it already, `gs://...`. */
  readonly uri: string | undefined;
  /** Where it was uploaded to already. */
  readonly upload: string | undefined;
  /** As it is displayed, pixels. */
  readonly width: number;
  readonly height: number;
  readonly bitmap: ImageBitmap;
  /** A quarter of the size, for small zooms. */
  readonly small: ImageBitmap | undefined;
}

export type ToolName = 'brush' | 'eraser' | 'box' | 'lasso';

/** A result over its original. */
export interface Comparison {
  readonly bitmap: ImageBitmap;
  /** Where both differ is shown in place of the result. */
  difference: ImageBitmap | undefined;
  /** The result is shown right of it, 0..1 of the width of the picture. */
  fraction: number;
  /** The original alone is shown. */
  isHeld: boolean;
  /** Both are shown, each in its half of the stage, at the same zoom and place. */
  isBeside: boolean;
}

/** What the picture, the mask and the tools are now. */
export interface Editor {
  picture: Picture | undefined;
  mask: TileMask;
  history: History;
  /** CSS pixels of the stage. */
  view: Viewport;
  tool: ToolName;
  /** Diameter of brush and eraser, pixels of the picture. */
  sizePx: number;
  /** `#rrggbb` */
  colour: string;
  /** 0.1..0.9 */
  opacity: number;
  isMaskHidden: boolean;
  /** Where the pointer is, or the cross-hair that the keys move; CSS pixels of the stage. */
  pointer: Point | undefined;
  crosshair: Point | undefined;
  /** Corners of the box or lasso that is being drawn, pixels of the picture. */
  outline: readonly Point[];
  comparison: Comparison | undefined;
  /** Width of the soft edge inside the mask, pixels of the picture; 0: it is not shown. */
  featherPx: number;
  /** By how much the mask would grow or shrink, pixels of the picture; 0: it is not shown. */
  growPx: number;
}

export const sizeLimits = { least: 1, most: 2000 };

export const newEditor = (): Editor => ({
  picture: undefined,
  mask: emptyMask(1, 1),
  history: emptyHistory(),
  view: { zoom: 1, x: 0, y: 0 },
  tool: 'brush',
  sizePx: 60,
  colour: '#ff2d6f',
  opacity: 0.5,
  isMaskHidden: false,
  pointer: undefined,
  crosshair: undefined,
  outline: [],
  comparison: undefined,
  featherPx: 0,
  growPx: 0,
});

/** What has changed and must be drawn again. */
export interface Change {
  /** Zoom, place, or the picture itself: everything is drawn. */
  readonly all?: true;
  /** A part of the mask, pixels of the picture. */
  readonly mask?: Area;
  /** Only what the tools draw over the picture: buttons stay as they are. */
  readonly guides?: true;
  /** A step of the mask ended: facts and buttons follow. */
  readonly step?: true;
}

export type Changed = (change: Change) => void;

export const wholeOf = ({ mask }: Editor): Area => ({
  left: 0,
  top: 0,
  right: mask.width,
  bottom: mask.height,
});

/** A tool for the whole mask, as one step. */
export function changeMask(editor: Editor, tool: (mask: TileMask) => void, changed: Changed): void {
  if (editor.picture === undefined || editor.comparison !== undefined) return;
  dropStep(editor.mask);
  tool(editor.mask);
  keepStep(editor.history, editor.mask);
  changed({ mask: wholeOf(editor), step: true });
}

export function goBack(editor: Editor, direction: 'undo' | 'redo', changed: Changed): void {
  if (editor.comparison !== undefined) return;
  dropStep(editor.mask);
  (direction === 'undo' ? undo : redo)(editor.history, editor.mask);
  changed({ mask: wholeOf(editor), step: true });
}

export function resize(editor: Editor, factor: number, changed: Changed): void {
  const wanted = editor.sizePx * factor;
  // A small brush grows by one pixel at least.
  const next = factor > 1 ? Math.max(editor.sizePx + 1, wanted) : Math.min(editor.sizePx - 1, wanted);
  editor.sizePx = Math.round(Math.min(sizeLimits.most, Math.max(sizeLimits.least, next)));
  changed({});
}
