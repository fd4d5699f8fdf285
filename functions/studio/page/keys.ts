import type { Point } from './mask/shapes.ts';

/** What a key does; names are those of `KeyboardEvent.key`, in lower case. */
export interface KeyAction {
  readonly keys: readonly string[];
  /** Ctrl, or Cmd on a Mac. */
  readonly isCommand?: true;
  readonly isShifted?: boolean;
  readonly press: () => void;
  readonly release?: () => void;
}

/** Is somebody typing, in a dialog, or at a control that has keys of its own? */
function isTaken({ target, key }: KeyboardEvent): boolean {
  // The browser closes both by itself.
  if (document.querySelector('dialog[open]') !== null) return true;
  if (key === 'Escape' && document.querySelector(':popover-open') !== null) return true;
  return target instanceof Element && target.closest('input, textarea, select') !== null;
}

/** Keys for the whole page. Tab keeps moving the focus. */
export function listenToKeys(actions: readonly KeyAction[]): void {
  const find = (event: KeyboardEvent) =>
    actions.find(
      ({ keys, isCommand = false, isShifted }) =>
        keys.includes(event.key.toLowerCase()) &&
        isCommand === (event.ctrlKey || event.metaKey) &&
        (isShifted === undefined || isShifted === event.shiftKey),
    );
  document.addEventListener('keydown', (event) => {
    const action = find(event);
    const isRun = action?.isCommand === true && event.key === 'Enter';
    if (action === undefined || event.altKey || (isTaken(event) && !isRun)) return;
    event.preventDefault();
    action.press();
  });
  document.addEventListener('keyup', (event) => {
    const key = event.key.toLowerCase();
    for (const { keys, release } of actions) if (keys.includes(key)) release?.();
  });
}

const steps: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Where an arrow key moves the cross-hair, CSS pixels. */
export function stepOf({ key, shiftKey }: KeyboardEvent): Point | undefined {
  const step = steps[key];
  const length = shiftKey ? 10 : 1;
  return step && { x: step.x * length, y: step.y * length };
}
