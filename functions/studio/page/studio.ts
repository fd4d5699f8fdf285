import type { Capabilities, Fields, JobOutput, Order } from './api.ts';
import { listenToCrosshair } from './crosshair.ts';
import { saveAs } from './dom.ts';
import {
  type Change,
  changeMask,
  type Editor,
  goBack,
  newEditor,
  type Picture,
  resize,
  type ToolName,
} from './editor.ts';
import { createFacts, type Facts } from './facts.ts';
import { type Dropped, listenToFiles, sortFiles } from './files.ts';
import { createForm, type Form } from './form.ts';
import { helpDialog } from './help.ts';
import { type KeyAction, listenToKeys } from './keys.ts';
import { emptyHistory } from './mask/history.ts';
import { encodeMask } from './mask/png.ts';
import { takeOver } from './mask/read.ts';
import { emptyMask, factsOf } from './mask/tiles.ts';
import { clearAll, fillHoles, grow, invert, shrink } from './mask/whole.ts';
import { createMaskSource, type MaskSource } from './mask-source.ts';
import { openMask, openPicture, paintSample } from './open.ts';
import { createPage, type Page } from './page.ts';
import { listenToPointers } from './pointers.ts';
import { createProblems, type Problems } from './problems.ts';
import { createResults, type Results } from './results.ts';
import { assertComplete, createRunner, type Result, type Runner } from './run.ts';
import { createStage, type Stage } from './stage.ts';
import { cancelStroke, newStrokes, type Strokes } from './strokes.ts';
import { texts } from './texts.en.ts';
import { createToolbar, type Toolbar } from './toolbar.ts';
import { centred, zoomAt } from './viewport.ts';

/** Every part of the page; each knows only those it is given. */
interface Studio {
  readonly capabilities: Capabilities;
  readonly editor: Editor;
  readonly stage: Stage;
  readonly strokes: Strokes;
  readonly toolbar: Toolbar;
  readonly form: Form;
  readonly source: MaskSource;
  readonly problems: Problems;
  readonly facts: Facts;
  readonly results: Results;
  readonly runner: Runner;
  readonly page: Page;
  readonly changed: (change: Change) => void;
}

const zoomStep = 1.25;

export function startStudio(capabilities: Capabilities): void {
  const studio = { capabilities, editor: newEditor() } as { -readonly [Name in keyof Studio]: Studio[Name] };
  const { editor } = studio;
  studio.stage = createStage(editor);
  studio.changed = (change) => {
    studio.stage.draw(change);
    if (change.step === true) studio.facts.update();
    if (change.mask === undefined || change.step === true) update(studio);
  };
  studio.strokes = newStrokes(editor, studio.changed);
  studio.toolbar = createToolbar(editor, toolActions(studio));
  const onForm = () => {
    editor.isMaskAutomatic = studio.source.isAutomatic();
    studio.changed({ all: true, step: true });
  };
  studio.source = createMaskSource(capabilities, onForm);
  studio.form = createForm(capabilities, onForm);
  studio.problems = createProblems({
    control: (name) => studio.form.control(name),
    focusTools: studio.toolbar.focus,
  });
  studio.results = createResults(resultActions(studio));
  studio.runner = createRunner({
    check: () =>
      assertComplete(!editor.isMaskAutomatic && factsOf(editor.mask).edited === 0, fieldsOf(studio)),
    order: () => orderOf(studio),
    costUsd: () => studio.facts.costUsd(),
    onBegin: () => studio.problems.clear(),
    onProblem: (error) => studio.problems.show(error),
    onResult: (result) => showResult(studio, result),
  });
  const help = helpDialog();
  studio.page = pageOf(studio, help.open);
  studio.facts = createFacts(editor, studio.page.facts, () => fieldsOf(studio));
  listen(studio, help.open);
  studio.changed({ all: true, step: true });
}

const fieldsOf = ({ form, source }: Studio): Fields => ({ ...form.fields(), ...source.fields() });

async function orderOf(studio: Studio): Promise<Order> {
  const { picture, mask, isMaskAutomatic } = studio.editor;
  if (picture === undefined) throw new Error('Expected a picture, got none');
  const blob = isMaskAutomatic ? undefined : new Blob([await encodeMask(mask)], { type: 'image/png' });
  const { uri, file } = picture;
  return { image: uri === undefined ? file : { uri }, mask: blob, fields: fieldsOf(studio) };
}

/** Buttons, values and layers follow what is now. */
function update({ editor, toolbar, runner, page, stage }: Studio): void {
  const { picture, comparison, view } = editor;
  toolbar.update();
  runner.update(picture !== undefined && comparison === undefined);
  page.zoomValue.textContent = picture === undefined ? '' : `${Math.round(view.zoom * 100)} %`;
  page.slider.hidden = comparison === undefined;
  page.slider.value = String(Math.round((comparison?.fraction ?? 0.5) * 100));
  document.body.classList.toggle('comparing', comparison !== undefined);
  stage.canvas.dataset['mode'] =
    comparison !== undefined ? 'compare' : editor.isMaskAutomatic ? 'pan' : 'paint';
}

function pageOf(studio: Studio, help: () => void): Page {
  const { toolbar, stage, form, source, problems, results, runner, capabilities } = studio;
  const names = capabilities.formats.map(({ name }) => name.toUpperCase()).filter((name) => name !== 'TIFF');
  return createPage({
    stage: stage.element,
    tools: toolbar.element,
    panel: [results.element, source.element, form.element, problems.element, runner.element],
    onFiles: (files) => void open(studio, sortFiles(files)),
    onSample: () => void openSample(studio),
    onHelp: help,
    zoom: zoomActions(studio),
    limits: texts.formats(names.join(', '), Math.round(capabilities.limits.maxImageBytes / 1e6)),
  });
}

function zoomActions({ editor, stage, changed }: Studio) {
  const by = (factor: number) => () => {
    const { width, height } = stage.size();
    editor.view = zoomAt(editor.view, editor.crosshair ?? { x: width / 2, y: height / 2 }, factor);
    changed({ all: true });
  };
  const actual = () => {
    if (editor.picture === undefined) return;
    editor.view = centred(editor.picture, stage.size(), 1);
    changed({ all: true });
  };
  const fit = () => {
    stage.fit();
    changed({ all: true });
  };
  return { in: by(zoomStep), out: by(1 / zoomStep), fit, actual };
}

function toolActions(studio: Studio) {
  const { editor, changed } = studio;
  const whole = (tool: Parameters<typeof changeMask>[1]) => () => changeMask(editor, tool, changed);
  return {
    choose: (tool: ToolName) => {
      cancelStroke(studio.strokes);
      editor.tool = tool;
      changed({});
      if (tool === 'lasso') studio.problems.note(texts.lassoHint);
    },
    undo: () => goBack(editor, 'undo', changed),
    redo: () => goBack(editor, 'redo', changed),
    invert: whole(invert),
    fillHoles: whole(fillHoles),
    clear: whole(clearAll),
    grow: whole((mask) => grow(mask, studio.toolbar.growPx())),
    shrink: whole((mask) => shrink(mask, studio.toolbar.growPx())),
    toggleMask: () => {
      editor.isMaskHidden = !editor.isMaskHidden;
      changed({ all: true });
    },
    openMask: (file: File) => void open(studio, { photo: undefined, mask: file }),
    saveMask: () => void saveMask(editor),
    restyle: () => changed({ all: true }),
  };
}

async function saveMask({ picture, mask }: Editor): Promise<void> {
  if (picture === undefined) return;
  const name = `${picture.file.name.replace(/\.[^.]*$/, '')}.mask.png`;
  saveAs(new Blob([await encodeMask(mask)], { type: 'image/png' }), name);
}

/** A brush that suits the picture: a twentieth of its shorter side. */
const firstSizeOf = ({ width, height }: Picture) => Math.max(4, Math.round(Math.min(width, height) / 20));

/** Opens a photo, a mask for it, or both. */
async function open(studio: Studio, { photo, mask }: Dropped, uri?: string): Promise<void> {
  const { editor, problems, page, capabilities } = studio;
  problems.clear();
  page.showLoading(true);
  try {
    if (photo !== undefined) {
      const picture = await openPicture(photo, capabilities, uri);
      closeComparison(studio);
      editor.picture?.bitmap.close();
      Object.assign(editor, {
        picture,
        mask: emptyMask(picture.width, picture.height),
        history: emptyHistory(),
        outline: [],
      });
      page.showPicture(`${photo.name}, ${picture.width} x ${picture.height}`);
      editor.sizePx = firstSizeOf(picture);
      studio.stage.fit();
    }
    if (mask !== undefined && editor.picture !== undefined) {
      const read = await openMask(mask, editor.picture);
      changeMask(editor, (tiles) => takeOver(tiles, read), studio.changed);
      if (read.isAlpha) problems.note(texts.maskFromAlpha);
      else if (read.coverage > 0.5) problems.note(texts.maskMostlyWhite);
    }
  } catch (error) {
    problems.show(error);
  } finally {
    page.showLoading(false);
  }
  studio.changed({ all: true, step: true });
}

async function openSample(studio: Studio): Promise<void> {
  studio.page.showLoading(true);
  await open(studio, { photo: await paintSample(), mask: undefined });
}

async function showResult(studio: Studio, result: Result): Promise<void> {
  await studio.results.open(result, studio.editor.picture?.file.name ?? 'picture');
  // Where the panel lies below the picture, the result would be out of sight.
  document.documentElement.scrollTop = 0;
  studio.changed({ all: true, step: true });
}

function closeComparison({ editor, results }: Studio): void {
  editor.comparison?.bitmap.close();
  editor.comparison = undefined;
  results.close();
}

function resultActions(studio: Studio) {
  const { editor } = studio;
  return {
    show: async (file: Blob) => {
      const bitmap = await createImageBitmap(file);
      const fraction = editor.comparison?.fraction ?? 0.5;
      editor.comparison?.bitmap.close();
      editor.comparison = { bitmap, fraction, isHeld: false };
      studio.changed({ all: true, step: true });
    },
    hold: (isHeld: boolean) => {
      if (editor.comparison === undefined) return;
      editor.comparison.isHeld = isHeld;
      studio.changed({ all: true });
    },
    useAsNew: (file: Blob, output: JobOutput) => {
      const name = editor.picture?.file.name ?? 'picture';
      const photo = new File([file], name, { type: output.mediaType });
      void open(studio, { photo, mask: undefined }, output.uri);
    },
    backToMask: () => {
      closeComparison(studio);
      studio.changed({ all: true, step: true });
      studio.stage.canvas.focus();
    },
    keepBlocks: () => {
      closeComparison(studio);
      studio.form.set('jpegBlocks', 'inside');
      void studio.runner.run();
    },
  };
}

function listen(studio: Studio, help: () => void): void {
  const { editor, stage, strokes, changed, page } = studio;
  const crosshair = listenToCrosshair({ canvas: stage.canvas, editor, strokes, changed });
  listenToPointers({ canvas: stage.canvas, editor, strokes, changed, isPanning: crosshair.isHeld });
  listenToFiles((dropped) => void open(studio, dropped));
  listenToKeys([...toolKeys(studio), ...pageKeys(studio, help)]);
  document.addEventListener('keydown', (event) => {
    if (event.altKey && /^[1-4]$/.test(event.key)) studio.results.choose(Number(event.key) - 1);
  });
  page.slider.addEventListener('input', () => {
    if (editor.comparison === undefined) return;
    editor.comparison.fraction = Number(page.slider.value) / 100;
    changed({ all: true });
  });
}

function toolKeys(studio: Studio): readonly KeyAction[] {
  const { editor, changed } = studio;
  const actions = toolActions(studio);
  const size = (factor: number) => () => resize(editor, factor, changed);
  return [
    { keys: ['b'], press: () => actions.choose('brush') },
    { keys: ['e'], press: () => actions.choose('eraser') },
    { keys: ['x'], press: () => actions.choose(editor.tool === 'eraser' ? 'brush' : 'eraser') },
    { keys: ['r'], press: () => actions.choose('box') },
    { keys: ['l'], press: () => actions.choose('lasso') },
    { keys: ['f'], press: actions.fillHoles },
    { keys: ['i'], press: actions.invert },
    { keys: ['delete'], press: actions.clear },
    { keys: ['='], press: actions.grow },
    { keys: ['-'], press: actions.shrink },
    { keys: ['m'], press: actions.toggleMask },
    { keys: ['['], press: size(1 / 1.1) },
    { keys: [']'], press: size(1.1) },
    { keys: ['{'], press: size(1 / 1.5) },
    { keys: ['}'], press: size(1.5) },
    { keys: ['z'], isCommand: true, isShifted: false, press: actions.undo },
    { keys: ['z'], isCommand: true, isShifted: true, press: actions.redo },
    { keys: ['y'], isCommand: true, press: actions.redo },
    { keys: ['escape'], press: () => cancelStroke(studio.strokes) },
  ];
}

function pageKeys(studio: Studio, help: () => void): readonly KeyAction[] {
  const zoom = zoomActions(studio);
  const { hold } = resultActions(studio);
  return [
    { keys: ['0'], press: zoom.fit },
    { keys: ['1'], press: zoom.actual },
    { keys: ['+'], press: zoom.in },
    { keys: ['\\'], press: () => hold(true), release: () => hold(false) },
    { keys: ['?'], press: help },
    { keys: ['enter'], isCommand: true, press: () => void studio.runner.run() },
  ];
}
