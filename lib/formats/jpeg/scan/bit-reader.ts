import { EditError } from '../../../errors.ts';
import { marker } from '../segments.ts';

/** Unstuffed bytes held at once: stays in the cache, and bounds memory however long the scan is. */
const windowBytes = 64 * 1024;
/** More than the longest MCU: 10 blocks of 64 coefficients of 16 + 15 bits, 2480 bytes. */
const longestMcuBytes = 2560;

/**
 * A moving window over the entropy-coded bytes of one restart interval, FF 00 unstuffed.
 *
 * Positions are bits from the start of the window, most significant bit first. Behind the last byte stand zeros enough that a
 * walk of one MCU cannot leave the buffer; whether it left the *data* is checked after each MCU.
 */
export interface ScanWindow {
  readonly source: Uint8Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where in the file reading goes on, and where the scan ends. */
  next: number;
  readonly scanEnd: number;
  filled: number;
  /** No more bytes in this interval: `next` stands at a marker or the end of the scan. */
  ended: boolean;
  /** The bit being looked at. */
  position: number;
}

export function openWindow(source: Uint8Array, from: number, scanEnd: number): ScanWindow {
  const bytes = new Uint8Array(windowBytes + longestMcuBytes + 8);
  const view = new DataView(bytes.buffer);
  const window = { source, bytes, view, next: from, scanEnd, filled: 0, ended: false, position: 0 };
  fill(window);
  return window;
}

/** Goes on with the restart interval that begins at `from`. */
export function startInterval(window: ScanWindow, from: number): void {
  window.next = from;
  window.filled = 0;
  window.position = 0;
  window.ended = false;
  fill(window);
}

/** True when an MCU may begin at the position and be walked without looking past the window. */
export function holdsMcu(window: ScanWindow): boolean {
  return window.ended || window.position <= (window.filled - longestMcuBytes) * 8;
}

/**
 * Drops the bytes before the position and reads on.
 *
 * @returns the bits by which positions moved down: subtract them from every position kept elsewhere.
 */
export function slide(window: ScanWindow): number {
  const dropped = window.position >> 3;
  window.bytes.copyWithin(0, dropped, window.filled);
  window.filled -= dropped;
  window.position -= dropped * 8;
  fill(window);
  return dropped * 8;
}

function fill(window: ScanWindow): void {
  const { source, bytes, scanEnd } = window;
  let { next, filled } = window;
  while (filled < windowBytes && next < scanEnd) {
    if (source[next] === 0xff) {
      if (source[next + 1] !== 0) {
        window.ended = true;
        break;
      }
      bytes[filled++] = 0xff;
      next += 2;
    }
    // Stuffed bytes are some 250 apart: what lies between them is found and copied natively.
    const end = Math.min(scanEnd, next + windowBytes - filled);
    const stuffed = source.indexOf(0xff, next);
    const run = source.subarray(next, stuffed < 0 ? end : Math.min(end, stuffed));
    bytes.set(run, filled);
    filled += run.length;
    next += run.length;
  }
  window.ended ||= next >= scanEnd;
  window.next = next;
  window.filled = filled;
  bytes.fill(0, filled, filled + longestMcuBytes + 8);
}

/** @throws {EditError} `IMAGE_TRUNCATED` when the last MCU was read beyond the data. */
export function assertInside(window: ScanWindow): void {
  if (window.ended && window.position > window.filled * 8) {
    throw new EditError('IMAGE_TRUNCATED', 'Expected more entropy-coded data, got the end of the scan');
  }
}

/** @throws {EditError} `IMAGE_UNREADABLE` unless only the padding of the last byte is left. */
export function assertExhausted(window: ScanWindow): void {
  assertInside(window);
  if (!window.ended || window.filled * 8 - window.position > 7) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected the scan to end after its last block, got more data');
  }
}

/**
 * File offset behind the restart marker numbered `index` (0..7) that stands at or after `from`.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when another marker, or none, comes first.
 */
export function findRestart(source: Uint8Array, from: number, scanEnd: number, index: number): number {
  let at = from;
  for (;;) {
    at = source.indexOf(0xff, at);
    if (at < 0 || at + 1 >= scanEnd)
      throw new EditError('IMAGE_TRUNCATED', `Expected restart marker ${index}`);
    const next = source[at + 1]!;
    if (next === marker.rst0 + index) return at + 2;
    if (next === 0xff) at += 1;
    else if (next === 0) at += 2;
    else
      throw new EditError(
        'IMAGE_UNREADABLE',
        `Expected restart marker ${index}, got FF ${next.toString(16)}`,
      );
  }
}
