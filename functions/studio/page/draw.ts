import { type Comparison, type Editor, type Picture, wholeOf } from './editor.ts';
import { drawMovedEdges, fadeEdge } from './mask/edges.ts';
import type { Point } from './mask/shapes.ts';
import { type Area, type Tile, type TileMask, tilePx, valueAt } from './mask/tiles.ts';
import { halvesOf, pan, toPicture, toView, type Viewport } from './viewport.ts';

type Context = CanvasRenderingContext2D;

/** Below this zoom the small copy of the picture is drawn. */
const smallZoom = 0.25;
/** From this zoom on pixels are squares, and from the next one they have a grid. */
const squareZoom = 2;
const gridZoom = 8;

/** Everything here is in pixels of the device. */
export function drawPhoto(context: Context, { picture, comparison }: Editor, view: Viewport): void {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  if (picture === undefined) return;
  context.imageSmoothingEnabled = view.zoom < squareZoom;
  context.imageSmoothingQuality = 'high';
  const source = view.zoom < smallZoom ? (picture.small ?? picture.bitmap) : picture.bitmap;
  if (comparison?.isBeside === true) drawBeside(context, source, { comparison, picture, view });
  else drawVisible(context, { source, picture, view });
  if (comparison?.isBeside === false && !comparison.isHeld)
    drawResult(context, { comparison, picture, view });
  if (view.zoom >= gridZoom) drawGrid(context, view);
}

interface Drawing {
  readonly picture: Picture;
  readonly view: Viewport;
}

/** Only what can be seen: browsers are slow with the rest of a large picture. */
function drawVisible(
  context: Context,
  { source, picture, view }: Drawing & { readonly source: ImageBitmap },
): void {
  const { width, height } = context.canvas;
  const first = toPicture(view, { x: 0, y: 0 });
  const last = toPicture(view, { x: width, y: height });
  const left = Math.max(0, Math.floor(first.x));
  const top = Math.max(0, Math.floor(first.y));
  const right = Math.min(picture.width, Math.ceil(last.x));
  const bottom = Math.min(picture.height, Math.ceil(last.y));
  if (right <= left || bottom <= top) return;
  const scaleX = source.width / picture.width;
  const scaleY = source.height / picture.height;
  const from = [left * scaleX, top * scaleY, (right - left) * scaleX, (bottom - top) * scaleY] as const;
  const corner = toView(view, { x: left, y: top });
  context.drawImage(
    source,
    ...from,
    ...([corner.x, corner.y, (right - left) * view.zoom, (bottom - top) * view.zoom] as const),
  );
}

interface Comparing extends Drawing {
  readonly comparison: Comparison;
}

/** The result, right of the line between both. */
function drawResult(context: Context, { comparison, picture, view }: Comparing): void {
  const x = comparison.fraction * picture.width * view.zoom + view.x;
  const source = comparison.difference ?? comparison.bitmap;
  drawFrom(context, { x, y: 0 }, { source, picture, view });
}

/** The original in the first half, the result in the second one. */
function drawBeside(context: Context, original: ImageBitmap, { comparison, picture, view }: Comparing): void {
  const { width, height } = context.canvas;
  const { x, y } = halvesOf(context.canvas, picture).second;
  const result = comparison.difference ?? comparison.bitmap;
  drawVisible(context, { source: original, picture, view });
  context.clearRect(x, y, width, height);
  const source = comparison.isHeld ? original : result;
  drawFrom(context, { x, y }, { source, picture, view: pan(view, x, y) });
}

/** Draws only what is right of a place and below it. */
function drawFrom(
  context: Context,
  { x, y }: Point,
  drawing: Drawing & { readonly source: ImageBitmap },
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, context.canvas.width, context.canvas.height);
  context.clip();
  drawVisible(context, drawing);
  context.restore();
}

function drawGrid(context: Context, { zoom, x, y }: Viewport): void {
  const { width, height } = context.canvas;
  context.fillStyle = 'rgb(128 128 128 / 0.35)';
  for (let at = ((x % zoom) + zoom) % zoom; at < width; at += zoom) context.fillRect(at, 0, 1, height);
  for (let at = ((y % zoom) + zoom) % zoom; at < height; at += zoom) context.fillRect(0, at, width, 1);
}

/** Draws a part of the mask: its colour, and a line of black and white around it that every picture shows. */
export function drawMask(context: Context, editor: Editor, view: Viewport, area: Area): void {
  const from = toView(view, { x: area.left, y: area.top });
  const to = toView(view, { x: area.right, y: area.bottom });
  const rect = {
    left: Math.max(0, Math.floor(from.x) - 2),
    top: Math.max(0, Math.floor(from.y) - 2),
    right: Math.min(context.canvas.width, Math.ceil(to.x) + 2),
    bottom: Math.min(context.canvas.height, Math.ceil(to.y) + 2),
  };
  if (rect.right <= rect.left || rect.bottom <= rect.top) return;
  context.clearRect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top);
  if (editor.isMaskHidden || editor.comparison !== undefined) return;
  const { mask } = editor;
  const colours = coloursOf(editor);
  for (const [index, tile] of mask.tiles.entries()) {
    if (tile === undefined) continue;
    const part = visiblePart(mask, index, view, rect);
    if (part !== undefined) drawTile(context, { mask, colours, view, tile, index, part });
  }
}

/** The whole mask with the soft edge that the result will have, and where it would grow or shrink to. */
export function drawEdges(context: Context, editor: Editor, view: Viewport): void {
  const { mask, featherPx, growPx, comparison, isMaskHidden } = editor;
  if (comparison !== undefined || isMaskHidden) return;
  const { width, height } = context.canvas;
  const [from, to] = [toView(view, { x: 0, y: 0 }), toView(view, { x: mask.width, y: mask.height })];
  const area = {
    left: Math.ceil(from.x),
    top: Math.ceil(from.y),
    right: Math.floor(to.x),
    bottom: Math.floor(to.y),
  };
  drawMask(context, editor, view, wholeOf(editor));
  const layer = context.getImageData(0, 0, width, height);
  if (growPx > 0) drawMovedEdges(layer, area, growPx * view.zoom);
  else fadeEdge(layer, area, featherPx * view.zoom);
  context.putImageData(layer, 0, 0);
}

/** The pixels of the device whose centres lie in a tile, as far as they are in a rectangle. */
function visiblePart(mask: TileMask, index: number, { zoom, x, y }: Viewport, rect: Area): Area | undefined {
  const column = index % mask.columns;
  const row = Math.floor(index / mask.columns);
  const edge = (tile: number, most: number, offset: number) =>
    Math.ceil(Math.min(tile * tilePx, most) * zoom + offset - 0.5);
  const part = {
    left: Math.max(rect.left, edge(column, mask.width, x)),
    top: Math.max(rect.top, edge(row, mask.height, y)),
    right: Math.min(rect.right, edge(column + 1, mask.width, x)),
    bottom: Math.min(rect.bottom, edge(row + 1, mask.height, y)),
  };
  return part.right > part.left && part.bottom > part.top ? part : undefined;
}

interface TileDrawing {
  readonly mask: TileMask;
  /** The pixel of each value of the mask. */
  readonly colours: Uint32Array;
  readonly view: Viewport;
  readonly tile: Tile;
  readonly index: number;
  readonly part: Area;
}

function drawTile(context: Context, { mask, colours, view, tile, index, part }: TileDrawing): void {
  const width = part.right - part.left;
  const image = context.createImageData(width, part.bottom - part.top);
  const pixels = new Uint32Array(image.data.buffer);
  const columns = Int32Array.from({ length: width + 2 }, (_, at) =>
    Math.floor((part.left + at - 0.5 - view.x) / view.zoom),
  );
  const left = (index % mask.columns) * tilePx;
  const top = Math.floor(index / mask.columns) * tilePx;
  const sample = (deviceY: number, row: Uint8Array) => {
    const y = Math.floor((deviceY + 0.5 - view.y) / view.zoom);
    const start = (y - top) * tilePx - left;
    const isInside = y >= top && y < top + tilePx && y < mask.height;
    // Only the first and the last column lie in the tiles beside this one.
    for (let at = 0; at < columns.length; at++) {
      const isOwn = isInside && at > 0 && at <= width;
      row[at] = isOwn ? tile[start + columns[at]!]! : valueAt(mask, columns[at]!, y);
    }
  };
  let [above, row, below] = [0, 1, 2].map(() => new Uint8Array(width + 2)) as [Rows, Rows, Rows];
  sample(part.top - 1, above);
  sample(part.top, row);
  for (let y = part.top; y < part.bottom; y++) {
    sample(y + 1, below);
    const place = { start: (y - part.top) * width, ants: part.left + y };
    colourRow(pixels, { above, row, below }, place, colours);
    [above, row, below] = [row, below, above];
  }
  context.putImageData(image, part.left, part.top);
}

type Rows = Uint8Array<ArrayBuffer>;

interface ThreeRows {
  readonly above: Uint8Array;
  readonly row: Uint8Array;
  readonly below: Uint8Array;
}

const black = 0xff000000;
const white = 0xffffffff;

function colourRow(
  pixels: Uint32Array,
  { above, row, below }: ThreeRows,
  { start, ants }: { readonly start: number; readonly ants: number },
  colours: Uint32Array,
): void {
  for (let at = 1; at < row.length - 1; at++) {
    const value = row[at]!;
    if (value === 0) continue;
    const isEdge = row[at - 1] === 0 || row[at + 1] === 0 || above[at] === 0 || below[at] === 0;
    const dash = ((ants + at) >> 2) & 1 ? black : white;
    pixels[start + at - 1] = isEdge ? dash : colours[value]!;
  }
}

/** The pixel of each value of the mask; the lowest byte is red. */
function coloursOf({ colour, opacity }: Editor): Uint32Array {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const swapped = ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16);
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const alpha = Math.round(opacity * value);
    return ((alpha << 24) | swapped) >>> 0;
  });
}

/** The ring of the brush, the cross-hair, the box or lasso that is being drawn. */
export function drawGuides(context: Context, editor: Editor, view: Viewport, scale: number): void {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (editor.picture === undefined) return;
  if (editor.comparison !== undefined) drawLine(context, editor, view, scale);
  if (editor.comparison !== undefined) return;
  const at = editor.crosshair ?? editor.pointer;
  if (at !== undefined && (editor.tool === 'brush' || editor.tool === 'eraser')) {
    const ring = new Path2D();
    ring.arc(at.x * scale, at.y * scale, Math.max(1, (editor.sizePx * view.zoom) / 2), 0, 2 * Math.PI);
    strokeTwice(context, ring, scale);
  }
  if (editor.crosshair !== undefined) strokeTwice(context, crossAt(editor.crosshair, scale), scale);
  if (editor.outline.length > 0) strokeTwice(context, outlineOf(editor, view), scale);
}

function crossAt({ x, y }: Point, scale: number): Path2D {
  const cross = new Path2D();
  const arm = 9 * scale;
  cross.moveTo(x * scale - arm, y * scale);
  cross.lineTo(x * scale + arm, y * scale);
  cross.moveTo(x * scale, y * scale - arm);
  cross.lineTo(x * scale, y * scale + arm);
  return cross;
}

function outlineOf({ tool, outline }: Editor, view: Viewport): Path2D {
  const path = new Path2D();
  const [first, ...others] = outline.map((point) => toView(view, point));
  if (first === undefined) return path;
  const last = others.at(-1) ?? first;
  if (tool === 'box') path.rect(first.x, first.y, last.x - first.x, last.y - first.y);
  else {
    path.moveTo(first.x, first.y);
    for (const { x, y } of others) path.lineTo(x, y);
  }
  return path;
}

/** Dark below, light above: seen on every picture. */
function strokeTwice(context: Context, path: Path2D, scale: number): void {
  context.lineWidth = 3 * scale;
  context.strokeStyle = 'rgb(0 0 0 / 0.6)';
  context.stroke(path);
  context.lineWidth = 1.5 * scale;
  context.strokeStyle = '#fff';
  context.stroke(path);
}

function drawLine(context: Context, { picture, comparison }: Editor, view: Viewport, scale: number): void {
  if (picture === undefined || comparison === undefined) return;
  if (comparison.isBeside) {
    const { x, y } = halvesOf(context.canvas, picture).second;
    const border = new Path2D();
    border.moveTo(x, y);
    border.lineTo(x === 0 ? context.canvas.width : x, y === 0 ? context.canvas.height : y);
    strokeTwice(context, border, scale);
    return;
  }
  if (comparison.isHeld) return;
  const x = comparison.fraction * picture.width * view.zoom + view.x;
  const top = Math.max(0, view.y);
  const bottom = Math.min(context.canvas.height, picture.height * view.zoom + view.y);
  const path = new Path2D();
  path.moveTo(x, top);
  path.lineTo(x, bottom);
  strokeTwice(context, path, scale);
  context.beginPath();
  context.arc(x, (top + bottom) / 2, 14 * scale, 0, 2 * Math.PI);
  context.fillStyle = '#fff';
  context.fill();
  context.lineWidth = 1.5 * scale;
  context.strokeStyle = 'rgb(0 0 0 / 0.6)';
  context.stroke();
  const arrows = new Path2D();
  for (const side of [-1, 1]) {
    arrows.moveTo(x + side * 4 * scale, (top + bottom) / 2 - 4 * scale);
    arrows.lineTo(x + side * 8 * scale, (top + bottom) / 2);
    arrows.lineTo(x + side * 4 * scale, (top + bottom) / 2 + 4 * scale);
  }
  context.strokeStyle = '#333';
  context.stroke(arrows);
}
