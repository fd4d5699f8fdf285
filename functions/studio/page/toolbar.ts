import { buttonOf, el, iconButton } from './dom.ts';
import { type Editor, sizeLimits, type ToolName } from './editor.ts';
import { texts } from './texts.ts';

/** What the buttons beside the picture do. */
interface ToolActions {
  readonly choose: (tool: ToolName) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly invert: () => void;
  readonly fillHoles: () => void;
  readonly clear: () => void;
  readonly grow: () => void;
  readonly shrink: () => void;
  readonly toggleMask: () => void;
  readonly openMask: (file: File) => void;
  readonly saveMask: () => void;
  /** Size, colour or opacity were changed. */
  readonly restyle: () => void;
}

export interface Toolbar {
  readonly element: HTMLElement;
  readonly update: () => void;
  readonly focus: () => void;
  /** By how much to grow or shrink, pixels. */
  readonly growPx: () => number;
}

const presets = ['#ff2d6f', '#ff8a00', '#f5d90a', '#2fd07a', '#2f8cff', '#b04dff'] as const;
const tools = [
  ['brush', 'B'],
  ['eraser', 'E'],
  ['box', 'R'],
  ['lasso', 'L'],
] as const satisfies readonly (readonly [ToolName, string])[];

export function createToolbar(editor: Editor, actions: ToolActions): Toolbar {
  const toolButtons = tools.map(([name, key]) => ({
    name,
    button: iconButton({ icon: name, label: texts[name], key, press: () => actions.choose(name) }),
  }));
  const undo = iconButton({ icon: 'undo', label: texts.undo, key: 'Ctrl+Z', press: actions.undo });
  const redo = iconButton({ icon: 'redo', label: texts.redo, key: 'Ctrl+Y', press: actions.redo });
  const edits = editButtons(actions);
  const growing = growMenu(editor, actions);
  const look = lookMenu(editor, actions.restyle);
  const picker = filePicker(actions.openMask);
  const files = fileButtons(actions, picker);
  const size = sizeSlider(editor, actions.restyle);
  const element = el(
    'div',
    { class: 'tools', attributes: { role: 'toolbar', 'aria-label': texts.tools } },
    group(toolButtons.map(({ button }) => button)),
    size.element,
    group([undo, redo]),
    group([...edits, growing.button, growing.sheet]),
    group([...files, look.button, look.sheet, picker]),
  );
  const all = [...toolButtons.map(({ button }) => button), undo, redo, ...edits, growing.button, ...files];
  const update = () => {
    const { picture, comparison, tool, history } = editor;
    const isOff = picture === undefined || comparison !== undefined;
    for (const each of all) each.disabled = isOff;
    for (const { name, button } of toolButtons) button.setAttribute('aria-pressed', String(tool === name));
    undo.disabled ||= history.undo.length === 0;
    redo.disabled ||= history.redo.length === 0;
    size.update();
  };
  const focus = () => toolButtons.find(({ name }) => name === editor.tool)?.button.focus();
  return { element, update, focus, growPx: growing.px };
}

const editButtons = (actions: ToolActions) => [
  iconButton({ icon: 'invert', label: texts.invert, key: 'I', press: actions.invert }),
  iconButton({ icon: 'holes', label: texts.holes, key: 'F', press: actions.fillHoles }),
  iconButton({ icon: 'clear', label: texts.clear, key: 'Del', press: actions.clear }),
];

const fileButtons = (actions: ToolActions, picker: HTMLInputElement) => [
  iconButton({ icon: 'uploadMask', label: texts.uploadMask, press: () => picker.click() }),
  iconButton({ icon: 'downloadMask', label: texts.downloadMask, press: actions.saveMask }),
  iconButton({ icon: 'eye', label: texts.hideMask, key: 'M', press: actions.toggleMask }),
];

const group = (children: readonly HTMLElement[]) => el('div', { class: 'group' }, ...children);

function filePicker(open: (file: File) => void): HTMLInputElement {
  const picker = el('input', {
    attributes: { type: 'file', accept: 'image/*', hidden: true, 'aria-label': texts.uploadMask },
  });
  picker.addEventListener('change', () => {
    const [file] = picker.files ?? [];
    if (file !== undefined) open(file);
    picker.value = '';
  });
  return picker;
}

/** The slider moves in equal ratios: 1 px matters for small brushes only. */
function sizeSlider(editor: Editor, restyle: () => void) {
  const steps = 100;
  const toStep = (px: number) => Math.round((Math.log(px) / Math.log(sizeLimits.most)) * steps);
  const slider = el('input', {
    attributes: {
      type: 'range',
      min: '0',
      max: String(steps),
      'aria-label': texts.size,
      title: `${texts.size} ([ ])`,
    },
  });
  const value = el('output', { class: 'value' });
  slider.addEventListener('input', () => {
    editor.sizePx = Math.round(sizeLimits.most ** (Number(slider.value) / steps));
    restyle();
  });
  const update = () => {
    slider.value = String(toStep(editor.sizePx));
    slider.setAttribute('aria-valuetext', `${editor.sizePx} px`);
    value.textContent = `${editor.sizePx} px`;
  };
  return { element: el('div', { class: 'size' }, slider, value), update };
}

interface Menu {
  readonly button: HTMLButtonElement;
  readonly sheet: HTMLElement;
}

/** A button that opens a sheet beside it; a click elsewhere or Escape closes that. */
function menuOf(
  button: HTMLButtonElement,
  content: readonly HTMLElement[],
  onToggle?: (isOpen: boolean) => void,
): Menu {
  const sheet = el('div', { class: 'sheet', attributes: { popover: true } }, ...content);
  button.popoverTargetElement = sheet;
  sheet.addEventListener('toggle', (event) => {
    const isOpen = (event as ToggleEvent).newState === 'open';
    if (isOpen) placeBeside(button, sheet);
    onToggle?.(isOpen);
  });
  return { button, sheet };
}

const sheetGapPx = 8;

/** Right of a button in a column; below one in a row, or above it; never outside the window. */
function placeBeside(button: HTMLElement, sheet: HTMLElement): void {
  const { top, right, bottom, left } = button.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = sheet;
  const below = bottom + sheetGapPx;
  const isRoomBelow = below + offsetHeight < innerHeight;
  const wanted = matchMedia('(max-width: 900px)').matches
    ? { x: left, y: isRoomBelow ? below : top - sheetGapPx - offsetHeight }
    : { x: right + sheetGapPx, y: top };
  const within = (at: number, size: number, most: number) =>
    Math.max(sheetGapPx, Math.min(at, most - size - sheetGapPx));
  sheet.style.left = `${within(wanted.x, offsetWidth, innerWidth)}px`;
  sheet.style.top = `${within(wanted.y, offsetHeight, innerHeight)}px`;
}

/** While it is open, the picture shows where the mask would grow or shrink to. */
function growMenu(editor: Editor, { grow, shrink, restyle }: ToolActions) {
  const slider = el('input', {
    attributes: { type: 'range', min: '1', max: '100', value: '8', 'aria-label': texts.by },
  });
  const value = el('output', { class: 'value', text: '8 px' });
  const px = () => Number(slider.value);
  const show = (isOpen: boolean) => {
    editor.growPx = isOpen ? px() : 0;
    value.textContent = `${px()} px`;
    slider.setAttribute('aria-valuetext', value.textContent);
    restyle();
  };
  slider.addEventListener('input', () => show(true));
  const button = iconButton({ icon: 'grow', label: texts.growOrShrink, press: () => undefined });
  const buttons = [buttonOf(texts.grow, 'quiet', grow), buttonOf(texts.shrink, 'quiet', shrink)];
  for (const [at, key] of ['=', '-'].entries()) buttons[at]!.title = key;
  const content = [el('div', { class: 'by' }, slider, value), el('div', { class: 'row' }, ...buttons)];
  return { ...menuOf(button, content, show), px };
}

function lookMenu(editor: Editor, restyle: () => void): Menu {
  const paint = (colour: string) => {
    editor.colour = colour;
    button.style.setProperty('--dot', colour);
    restyle();
  };
  const picker = el('input', {
    attributes: { type: 'color', value: editor.colour, 'aria-label': texts.colour },
  });
  picker.addEventListener('input', () => paint(picker.value));
  const value = String(editor.opacity * 100);
  const opacity = el('input', {
    attributes: { type: 'range', min: '10', max: '90', value, 'aria-label': texts.opacity },
  });
  opacity.addEventListener('input', () => {
    editor.opacity = Number(opacity.value) / 100;
    restyle();
  });
  const attributes = { type: 'button', 'aria-label': texts.look, title: texts.look };
  const button = el('button', { class: 'icon', attributes }, el('span', { class: 'dot' }));
  const swatches = el(
    'div',
    { class: 'swatches' },
    ...presets.map((colour, at) => swatch(colour, texts.colours[at] ?? colour, paint)),
    picker,
  );
  button.style.setProperty('--dot', editor.colour);
  return menuOf(button, [swatches, opacity]);
}

function swatch(colour: string, name: string, paint: (colour: string) => void): HTMLElement {
  const checked = colour === presets[0];
  const radio = el('input', {
    attributes: { type: 'radio', name: 'colour', value: colour, checked, 'aria-label': name },
    on: { change: () => paint(colour) },
  });
  const dot = el('span', { class: 'dot' });
  dot.style.setProperty('--dot', colour);
  return el('label', {}, radio, dot);
}
