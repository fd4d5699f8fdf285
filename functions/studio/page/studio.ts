import { jobInAddress, setJobInAddress } from './address.ts';
import { createAlbum } from './album.ts';
import type { Capabilities, Fields } from './answers.ts';
import { type Order, readManifest, readPlan } from './api.ts';
import { areasOf, copyResult, findDifference, resultBitmap, seamIn } from './comparing.ts';
import { listenToCrosshair } from './crosshair.ts';
import { el, saveAs } from './dom.ts';
import { sortFiles } from './dropped.ts';
import { type Change, changeMask, type Editor, goBack, newEditor, resize, type ToolName } from './editor.ts';
import { createExtract } from './extract.ts';
import { createFacts } from './facts.ts';
import { filePicker, listenToFiles } from './files.ts';
import { createForm, titleOf } from './form.ts';
import { helpDialog } from './help.ts';
import { type KeyAction, listenToKeys } from './keys.ts';
import { encodeMask } from './mask/png.ts';
import { factsOf } from './mask/tiles.ts';
import { clearAll, fillHoles, grow, invert, middleOf, shrink } from './mask/whole.ts';
import { forgetMemory } from './memory.ts';
import {
  addFoundMask,
  choosePhoto,
  closeComparison,
  closePhoto,
  openFiles,
  openJob,
  openSample,
  remember,
  restore,
  shareMask,
} from './opening.ts';
import { createPage, type Page } from './page.ts';
import type { Studio } from './parts.ts';
import { listenToPointers } from './pointers.ts';
import { createProblems } from './problems.ts';
import { createResults } from './results.ts';
import { assertComplete, createRunner, type Result } from './run.ts';
import { createRuns } from './runs.ts';
import { forget, keepMask, newPhoto, type Photo, type Session, type Task } from './session.ts';
import { createStage } from './stage.ts';
import { cancelStroke, newStrokes } from './strokes.ts';
import { texts } from './texts.ts';
import { createToolbar } from './toolbar.ts';
import { centred, lookingAt, zoomAt } from './viewport.ts';

const zoomStep = 1.25;

export function startStudio(capabilities: Capabilities): void {
  const session: Session = { photos: [], current: undefined, pending: [], active: undefined };
  const studio = { capabilities, session, editor: newEditor() } as {
    -readonly [Name in keyof Studio]: Studio[Name];
  };
  const { editor } = studio;
  studio.stage = createStage(editor);
  studio.changed = changer(studio);
  studio.strokes = newStrokes(editor, studio.changed);
  studio.toolbar = createToolbar(editor, toolActions(studio));
  studio.form = createForm(capabilities, () => {
    editor.featherPx = featherOf(studio);
    studio.changed({ all: true, step: true });
  });
  editor.featherPx = featherOf(studio);
  studio.problems = createProblems({
    control: (name) => studio.form.control(name),
    focusTools: studio.toolbar.focus,
    retry: () => void studio.runner.retry(),
  });
  studio.results = createResults(resultActions(studio));
  studio.runner = createRunner(runOptions(studio));
  studio.extract = createExtract(extractOptions(studio));
  const onProblem = studio.problems.show;
  studio.runs = createRuns(session, { open: (job) => void openJob(studio, job), onProblem });
  const picker = filePicker((files) => void openFiles(studio, sortFiles(files)));
  studio.album = createAlbum(session, albumActions(studio, picker));
  const help = helpDialog(() => void forgetAll());
  studio.page = pageOf(studio, picker, help.open);
  studio.facts = createFacts(editor, studio.page.facts, () => editFields(studio.form));
  listen(studio, help.open);
  studio.changed({ all: true, step: true });
  void restore(studio);
}

const featherOf = ({ form }: Studio) => Number(form.fields()['featherPx'] ?? 0);

const albumActions = (studio: Studio, picker: HTMLInputElement): Parameters<typeof createAlbum>[1] => ({
  choose: (photo) => void choosePhoto(studio, photo),
  close: (photo) => void closePhoto(studio, photo),
  add: () => picker.click(),
  shareMask: () => void shareMask(studio),
});

async function forgetAll(): Promise<void> {
  forgetMemory();
  await forget().catch(() => undefined);
  location.assign(location.pathname);
}

/** The mask is kept a moment after its last change, ms. */
const keepAfterMs = 200;

function changer(studio: Studio): (change: Change) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (change) => {
    studio.stage.draw(change);
    if (change.step === true) {
      studio.facts.update();
      const { current } = studio.session;
      clearTimeout(timer);
      timer = setTimeout(() => current && keepMask(current).catch(() => undefined), keepAfterMs);
    }
    if (change.step === true || (change.mask === undefined && change.guides === undefined)) update(studio);
  };
}

function runOptions(studio: Studio): Parameters<typeof createRunner>[0] {
  const { editor, session, problems, form } = studio;
  return {
    check: ({ find }) => {
      if (find === undefined) assertComplete(factsOf(editor.mask).edited === 0, form.fields());
    },
    ask: async (task) => ({ mask: await maskFor(studio, task), fields: fieldsFor(studio, task) }),
    image: (photo) => imageOf(studio, photo),
    photo: () => session.current,
    costUsd: (task) => costOf(studio, task),
    askFromUsd: form.askFromUsd,
    onBegin: () => problems.clear(),
    onPending: (pending) => {
      session.pending = pending;
      return remember(studio);
    },
    onJob: (photo, { id }) => {
      session.active = { photo: photo.id, job: id };
      // The address is that of the result which is looked at.
      if (editor.comparison === undefined) setJobInAddress(id);
      void remember(studio);
    },
    onResult: (result) => showResult(studio, result),
    onEnd: (job) => {
      if (job?.id === jobInAddress()) setJobInAddress(undefined);
      forgetActive(studio, job?.id);
    },
    onTurn: () => studio.extract.update(),
    onProblem: (error) => problems.show(error),
  };
}

function extractOptions(studio: Studio): Parameters<typeof createExtract>[0] {
  const { editor, capabilities, form, problems, runner } = studio;
  return {
    capabilities,
    engine: form.engine,
    canFind: () => editor.picture !== undefined && !runner.isRunning(),
    isMaskEmpty: () => factsOf(editor.mask).edited === 0,
    find: (fields) => void runner.run({ find: fields }),
    onProblem: (error) => problems.show(error),
  };
}

/** What is to be found is asked of the engine that is chosen. */
const fieldsFor = ({ form }: Studio, { find }: Task): Fields =>
  find === undefined
    ? editFields(form)
    : { ...form.engineFields(), only: 'mask', ...('maskMode' in find ? {} : paintedMask), ...find };

/** However much is painted, white is what shall change: nothing is guessed. */
const paintedMask = { polarity: 'white' } as const;
const editFields = (form: Studio['form']): Fields => ({ ...form.fields(), ...paintedMask });

/** A rough stroke is sent as the mask; what else is to be found needs none. */
async function maskFor({ editor }: Studio, { find }: Task): Promise<Blob | undefined> {
  if (find !== undefined && 'maskMode' in find) return undefined;
  return new Blob([await encodeMask(editor.mask)], { type: 'image/png' });
}

/** What the bucket has already is not sent again. */
function imageOf({ editor: { picture } }: Studio, { uri, file }: Photo): Order['image'] {
  if (uri !== undefined) return { uri };
  const upload = picture?.file === file ? picture.upload : undefined;
  return upload === undefined ? file : { upload };
}

async function costOf(studio: Studio, task: Task): Promise<number | undefined> {
  const { picture } = studio.editor;
  if (task.find === undefined || picture === undefined) return studio.facts.costUsd();
  const order = { mask: await maskFor(studio, task), fields: fieldsFor(studio, task), size: picture };
  const plan = await readPlan(order, new AbortController().signal);
  return plan.costEstimateUsd?.max ?? (plan.calls?.max === 0 ? 0 : undefined);
}

/** Buttons, values and layers follow what is now. */
function update({ editor, toolbar, runner, page, stage, extract, album, runs }: Studio): void {
  const { picture, comparison, view } = editor;
  toolbar.update();
  runner.update(picture !== undefined && comparison === undefined);
  extract.update();
  album.update();
  runs.update();
  page.zoomValue.textContent = picture === undefined ? '' : `${Math.round(view.zoom * 100)} %`;
  page.slider.hidden = comparison?.isBeside !== false;
  page.slider.value = String(Math.round((comparison?.fraction ?? 0.5) * 100));
  document.body.classList.toggle('comparing', comparison !== undefined);
  stage.canvas.dataset['mode'] = comparison === undefined ? 'paint' : comparison.isBeside ? 'pan' : 'compare';
}

function pageOf(studio: Studio, picker: HTMLInputElement, help: () => void): Page {
  const { toolbar, stage, form, extract, problems, results, runs, runner, album, capabilities } = studio;
  const foot = el('div', { class: 'run-foot' }, problems.element, runner.element);
  const names = capabilities.formats.map(({ name }) => name.toUpperCase());
  return createPage({
    album: album.element,
    stage: stage.element,
    overStage: problems.overPicture,
    tools: toolbar.element,
    panel: [results.element, extract.element, form.element, runs.element, foot],
    picker,
    onSample: () => void openSample(studio),
    onRuns: runs.openList,
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
    openMask: (file: File) => void openFiles(studio, { photos: [], mask: file }),
    saveMask: () => void saveMask(editor),
    restyle: () => changed({ all: true }),
  };
}

async function saveMask({ picture, mask }: Editor): Promise<void> {
  if (picture === undefined) return;
  const name = `${picture.file.name.replace(/\.[^.]*$/, '')}.mask.png`;
  saveAs(new Blob([await encodeMask(mask)], { type: 'image/png' }), name);
}

/** It need not be followed after a reload. */
function forgetActive(studio: Studio, job: string | undefined): void {
  if (studio.session.active?.job !== job) return;
  studio.session.active = undefined;
  void remember(studio);
}

async function showResult(studio: Studio, result: Result): Promise<void> {
  const { editor, session, runs, results, form } = studio;
  const { job, photo, files } = result;
  forgetActive(studio, job.id);
  if (files.length === 0) {
    await choosePhoto(studio, photo);
    await addFoundMask(studio, job);
    return;
  }
  if (photo.runs.every((run) => run.job !== job.id)) {
    const engine = titleOf(form.engine());
    photo.runs = [{ job: job.id, engine, at: Date.parse(job.createdAt) }, ...photo.runs];
    void remember(studio);
  }
  runs.update();
  if (session.current !== photo || editor.comparison !== undefined) {
    if (editor.comparison === undefined) setJobInAddress(undefined);
    studio.problems.note(texts.runReady(photo.file.name));
    return;
  }
  await results.open(result, editor.picture?.file.name ?? 'picture');
  setJobInAddress(job.id);
  // Where the panel lies below the picture, the result would be out of sight.
  document.documentElement.scrollTop = 0;
  studio.changed({ all: true, step: true });
}

type ResultActions = Parameters<typeof createResults>[0];

function backToMask(studio: Studio): void {
  closeComparison(studio);
  studio.changed({ all: true, step: true });
  studio.stage.canvas.focus({ preventScroll: true });
}

function resultActions(studio: Studio): ResultActions {
  const { editor, capabilities } = studio;
  const again = () => {
    backToMask(studio);
    void studio.runner.run();
  };
  const chooseEngine = () => {
    backToMask(studio);
    studio.form.control('engine')?.focus();
  };
  return {
    ...lookActions(studio),
    again,
    onProblem: (error) => studio.problems.show(error),
    copy: async (file, output) => editor.picture && copyResult(file, output, editor.picture),
    useAsNew: (file, output) => {
      const name = editor.picture?.file.name ?? 'picture';
      const photo = newPhoto(new File([file], name, { type: output.mediaType }), output.uri);
      studio.session.photos.push(photo);
      void remember(studio, photo);
      void choosePhoto(studio, photo);
    },
    backToMask: () => backToMask(studio),
    otherEngine: capabilities.engines.length < 2 ? undefined : chooseEngine,
    keepBlocks: () => {
      studio.form.set('jpegBlocks', 'inside');
      again();
    },
  };
}

/** What changes how a result is seen. */
function lookActions(
  studio: Studio,
): Pick<ResultActions, 'show' | 'hold' | 'beside' | 'lookAt' | 'difference'> {
  const { editor, stage } = studio;
  const redraw = () => studio.changed({ all: true });
  return {
    show: async (file, output) => {
      const { picture } = editor;
      if (picture === undefined) return;
      const bitmap = await resultBitmap(file, output, picture);
      // Another photo was chosen meanwhile.
      if (editor.picture !== picture) return bitmap.close();
      // The line goes through what was changed.
      const { fraction = middleOf(editor.mask), isBeside = false } = editor.comparison ?? {};
      editor.comparison?.bitmap.close();
      editor.comparison?.difference?.close();
      editor.comparison = { bitmap, difference: undefined, fraction, isHeld: false, isBeside };
      redraw();
    },
    hold: (isHeld) => {
      if (editor.comparison === undefined) return;
      editor.comparison.isHeld = isHeld;
      redraw();
    },
    beside: (isBeside) => {
      if (editor.comparison === undefined) return;
      editor.comparison.isBeside = isBeside;
      stage.fit();
      studio.changed({ all: true, step: true });
    },
    lookAt: async ({ job }, { index }, at) => {
      const areas = areasOf(await readManifest(job), index);
      const area = areas[at % Math.max(1, areas.length)];
      if (area === undefined || editor.comparison === undefined) return areas.length;
      editor.comparison.fraction = 0;
      editor.view = lookingAt(seamIn(editor, area), stage.size());
      redraw();
      return areas.length;
    },
    difference: async (isShown) => {
      const { comparison, picture, mask } = editor;
      if (comparison === undefined || picture === undefined) return undefined;
      const found = isShown ? await findDifference(mask, picture.bitmap, comparison.bitmap) : undefined;
      comparison.difference?.close();
      comparison.difference = found?.bitmap;
      // The whole of it is seen at once.
      comparison.fraction = isShown ? 0 : middleOf(mask);
      studio.changed({ all: true, step: true });
      return found?.differing;
    },
  };
}

function listen(studio: Studio, help: () => void): void {
  const { editor, stage, strokes, changed, page } = studio;
  const crosshair = listenToCrosshair({ canvas: stage.canvas, editor, strokes, changed });
  listenToPointers({ canvas: stage.canvas, editor, strokes, changed, isPanning: crosshair.isHeld });
  listenToFiles((dropped) => void openFiles(studio, dropped));
  addEventListener('hashchange', () => {
    const job = jobInAddress();
    if (job !== undefined) void openJob(studio, job);
  });
  listenToKeys([...toolKeys(studio), ...pageKeys(studio, help)]);
  document.addEventListener('keydown', (event) => {
    // By the place of the key: with Alt, a Mac types other signs.
    const [, digit] = /^(?:Digit|Numpad)([1-4])$/.exec(event.code) ?? [];
    if (!event.altKey || digit === undefined || editor.comparison === undefined) return;
    event.preventDefault();
    studio.results.choose(Number(digit) - 1);
  });
  addEventListener('online', () => {
    if (studio.session.pending.length > 0) void studio.runner.retry();
  });
  page.slider.addEventListener('input', () => {
    if (editor.comparison === undefined) return;
    editor.comparison.fraction = Number(page.slider.value) / 100;
    changed({ all: true });
  });
}

/** Escape takes back what is being drawn, else closes a message, else the result. */
function closeTopmost(studio: Studio): void {
  const { editor, strokes, problems } = studio;
  if (strokes.isDrawing || editor.outline.length > 0) cancelStroke(strokes);
  else if (problems.isShown()) problems.clear();
  else if (editor.comparison !== undefined) backToMask(studio);
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
    { keys: ['escape'], press: () => closeTopmost(studio) },
  ];
}

function pageKeys(studio: Studio, help: () => void): readonly KeyAction[] {
  const zoom = zoomActions(studio);
  const { hold } = lookActions(studio);
  return [
    { keys: ['0'], press: zoom.fit },
    { keys: ['1'], press: zoom.actual },
    { keys: ['+'], press: zoom.in },
    { keys: ['\\'], press: () => hold(true), release: () => hold(false) },
    { keys: ['?'], press: help },
    { keys: ['enter'], isCommand: true, press: () => void studio.runner.run() },
  ];
}
