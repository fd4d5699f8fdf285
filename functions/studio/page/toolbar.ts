import { el, iconButton } from './dom.ts';
import { type Editor, sizeLimits, type ToolName } from './editor.ts';
import { factsOf } from './mask/tiles.ts';
import { texts } from './texts.ts';

/** What the buttons beside the picture do. */
export interface ToolActions {
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
  const growBy = el('input', {
    class: 'small',
    attributes: { type: 'number', min: '1', max: '100', value: '8', 'aria-label': texts.by, title: texts.by },
  });
  const edits = editButtons(actions);
  const picker = filePicker(actions.openMask);
  const files = fileButtons(actions, picker);
  const size = sizeSlider(editor, actions.restyle);
  const element = el(
    'div',
    { class: 'tools', attributes: { role: 'toolbar', 'aria-label': texts.tools } },
    group(toolButtons.map(({ button }) => button)),
    size.element,
    group([undo, redo]),
    group([...edits, growBy]),
    group([...files, lookMenu(editor, actions.restyle), picker]),
  );
  const all = [...toolButtons.map(({ button }) => button), undo, redo, ...edits, ...files];
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
  const growPx = () => Math.min(100, Math.max(1, Math.round(Number(growBy.value) || 8)));
  return { element, update, focus, growPx };
}

const editButtons = (actions: ToolActions) => [
  iconButton({ icon: 'invert', label: texts.invert, key: 'I', press: actions.invert }),
  iconButton({ icon: 'holes', label: texts.holes, key: 'F', press: actions.fillHoles }),
  iconButton({ icon: 'clear', label: texts.clear, key: 'Del', press: actions.clear }),
  iconButton({ icon: 'grow', label: texts.grow, key: '=', press: actions.grow }),
  iconButton({ icon: 'shrink', label: texts.shrink, key: '-', press: actions.shrink }),
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

function lookMenu(editor: Editor, restyle: () => void): HTMLElement {
  const paint = (colour: string) => {
    editor.colour = colour;
    menu.style.setProperty('--dot', colour);
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
  const attributes = { 'aria-label': texts.look, title: texts.look };
  const summary = el('summary', { class: 'icon', attributes }, el('span', { class: 'dot' }));
  const swatches = el(
    'div',
    { class: 'swatches' },
    ...presets.map((colour, at) => swatch(colour, texts.colours[at] ?? colour, paint)),
    picker,
  );
  const menu = el('details', { class: 'look' }, summary, el('div', { class: 'sheet' }, swatches, opacity));
  menu.style.setProperty('--dot', editor.colour);
  return menu;
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

/** `3.4 %`, and never 0 for a mask that is not empty. */
export function coverageOf({ mask }: Editor): string {
  const { edited } = factsOf(mask);
  const percent = (edited / (mask.width * mask.height)) * 100;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}
