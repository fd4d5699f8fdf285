import { jobInAddress, setJobInAddress } from './address.ts';
import type { Job } from './answers.ts';
import { ProblemError, readBytes, readJob } from './api.ts';
import type { Dropped } from './dropped.ts';
import { changeMask, type Picture } from './editor.ts';
import { coverageOf } from './facts.ts';
import { emptyHistory } from './mask/history.ts';
import { takeOver } from './mask/read.ts';
import { emptyMask, type TileMask } from './mask/tiles.ts';
import { addTo, invert } from './mask/whole.ts';
import { openMask, openPicture, sampleFile } from './open.ts';
import type { Studio } from './parts.ts';
import {
  dropPhoto,
  keepMask,
  newPhoto,
  type Pending,
  type Photo,
  readSession,
  restoreMask,
  saveFile,
  saveSession,
} from './session.ts';
import { texts } from './texts.ts';

/** Photos, masks and runs, from wherever they come, become what is seen. */

/** A brush that suits the picture: a twentieth of its shorter side. */
const firstSizeOf = ({ width, height }: Picture) => Math.max(4, Math.round(Math.min(width, height) / 20));

/** Shows that something is being opened, and what went wrong with it. */
async function whileLoading(studio: Studio, work: () => Promise<void>): Promise<void> {
  studio.page.showLoading(true);
  try {
    await work();
  } catch (error) {
    studio.problems.show(error, 'picture');
  } finally {
    studio.page.showLoading(false);
  }
  studio.changed({ all: true, step: true });
}

/** What a reload shall not lose. Where the browser has no room, the page works on without it. */
export async function remember({ session, problems }: Pick<Studio, 'session' | 'problems'>, photo?: Photo) {
  try {
    if (photo !== undefined) await saveFile(photo);
    await saveSession(session);
  } catch {
    if (photo !== undefined) problems.note(texts.notKept);
  }
}

/** Opens photos, each with its mask, or a mask for the photo that is open. */
export async function openFiles(studio: Studio, { photos, mask }: Dropped): Promise<void> {
  studio.problems.clear();
  for (const { file, maskFile } of photos) addPhoto(studio, { ...newPhoto(file), maskFile });
  const [first] = studio.session.photos.slice(-photos.length);
  if (photos.length > 0 && first !== undefined) await choosePhoto(studio, first);
  if (mask !== undefined) await whileLoading(studio, () => readMaskFile(studio, mask));
}

function addPhoto(studio: Studio, photo: Photo): void {
  studio.session.photos.push(photo);
  void remember(studio, photo);
}

export async function openSample(studio: Studio): Promise<void> {
  await whileLoading(studio, async () => {
    await openFiles(studio, { photos: [{ file: await sampleFile(), maskFile: undefined }], mask: undefined });
  });
}

/** Shows a photo with its mask. One that cannot be opened is put away again. */
export async function choosePhoto(studio: Studio, photo: Photo): Promise<void> {
  const { session, editor, capabilities } = studio;
  if (session.current === photo && editor.picture?.file === photo.file) return;
  await whileLoading(studio, async () => {
    const picture = await openPicture(photo, capabilities).catch((error: unknown) => {
      // Without a connection a TIFF may open later.
      if (error instanceof ProblemError) removePhoto(studio, photo);
      throw error;
    });
    await showPhoto(studio, photo, picture);
    if (photo.maskFile !== undefined) await readMaskFile(studio, photo.maskFile);
    photo.maskFile = undefined;
  });
}

async function showPhoto(studio: Studio, photo: Photo, picture: Picture): Promise<void> {
  const { session, editor } = studio;
  closeComparison(studio);
  const isFirst = photo.mask === undefined;
  photo.mask ??= await keptMask(photo, picture);
  photo.history ??= emptyHistory();
  editor.picture?.bitmap.close();
  Object.assign(editor, { picture, mask: photo.mask, history: photo.history, outline: [] });
  session.current = photo;
  studio.page.showPicture(`${photo.file.name}, ${picture.width} x ${picture.height}`);
  if (isFirst) editor.sizePx = firstSizeOf(picture);
  studio.stage.fit();
  void remember(studio);
}

async function keptMask(photo: Photo, { width, height }: Picture): Promise<TileMask> {
  const mask = emptyMask(width, height);
  await restoreMask(photo, mask).catch(() => undefined);
  return mask;
}

async function readMaskFile(studio: Studio, file: File, isScaled = false): Promise<void> {
  const { editor, changed, problems } = studio;
  if (editor.picture === undefined) throw new ProblemError({ code: 'NO_PHOTO', detail: texts.photoFirst });
  const read = await openMask(file, editor.picture, isScaled).catch((error: unknown) => {
    if (!(error instanceof ProblemError) || error.problem.code !== 'MASK_SIZE_MISMATCH') throw error;
    const press = () => void openScaled(studio, file);
    problems.show(error, 'picture', { text: texts.scaleMask, press });
  });
  if (read === undefined) return;
  changeMask(editor, (tiles) => takeOver(tiles, read), changed);
  const press = () => {
    problems.clear();
    changeMask(editor, invert, changed);
  };
  if (read.isAlpha) problems.note(texts.maskFromAlpha);
  else if (read.coverage > 0.5) problems.note(texts.maskMostlyWhite, { text: texts.invert, press });
}

async function openScaled(studio: Studio, file: File): Promise<void> {
  studio.problems.clear();
  await whileLoading(studio, () => readMaskFile(studio, file, true));
}

function removePhoto(studio: Studio, photo: Photo): void {
  const { session } = studio;
  session.photos = session.photos.filter((each) => each !== photo);
  dropPhoto(photo).catch(() => undefined);
  void remember(studio);
}

/** Puts the current photo away, and shows the one beside it. */
export async function closePhoto(studio: Studio, photo: Photo): Promise<void> {
  const at = studio.session.photos.indexOf(photo);
  removePhoto(studio, photo);
  const { photos } = studio.session;
  const next = photos[Math.min(at, photos.length - 1)];
  if (next !== undefined) await choosePhoto(studio, next);
}

/** Gives the mask of the current photo to every other one of its size. */
export async function shareMask(studio: Studio): Promise<void> {
  const { session, editor, capabilities } = studio;
  const { mask } = editor;
  let count = 0;
  await whileLoading(studio, async () => {
    for (const photo of session.photos) {
      if (photo === session.current) continue;
      const { width, height, bitmap } = await openPicture(photo, capabilities);
      bitmap.close();
      if (width !== mask.width || height !== mask.height) continue;
      // Tiles never change once a step has ended: both masks may hold the same ones.
      photo.mask = { ...mask, tiles: [...mask.tiles], before: new Map() };
      photo.history = emptyHistory();
      await keepMask(photo).catch(() => undefined);
      count++;
    }
  });
  studio.problems.note(count === 0 ? texts.maskNotShared : texts.maskShared(count));
}

export function closeComparison({ editor, results, stage }: Studio): void {
  const wasBeside = editor.comparison?.isBeside === true;
  editor.comparison?.bitmap.close();
  editor.comparison?.difference?.close();
  editor.comparison = undefined;
  if (wasBeside) stage.fit();
  results.close();
  setJobInAddress(undefined);
}

/** Adds the mask that a run found to the painted one, as a step. */
export async function addFoundMask(studio: Studio, { mask, warnings }: Job): Promise<void> {
  const { editor, changed, problems } = studio;
  if (editor.picture === undefined || !mask) return;
  const read = await openMask(await readBytes(mask.href), editor.picture);
  changeMask(editor, (tiles) => addTo(tiles, read.rows), changed);
  problems.note([texts.found(coverageOf(editor)), ...warnings].join(' '));
  setJobInAddress(undefined);
}

/** Shows a run: its photo and mask, its progress while it runs, its result. */
export async function openJob(studio: Studio, id: string): Promise<void> {
  const { session, runner, problems } = studio;
  problems.clear();
  try {
    const job = await readJob(id);
    const isOf = (photo: Photo) =>
      (session.active?.job === id && session.active.photo === photo.id) ||
      photo.runs.some((run) => run.job === id);
    const photo = session.photos.find(isOf) ?? (await fetchPhoto(studio, job));
    await choosePhoto(studio, photo);
    closeComparison(studio);
    setJobInAddress(id);
    await runner.follow(photo, job);
  } catch (error) {
    setJobInAddress(undefined);
    problems.show(error, 'picture');
  }
}

async function fetchPhoto(studio: Studio, { id, image }: Job): Promise<Photo> {
  studio.page.showLoading(true);
  const name = image.name.slice(image.name.lastIndexOf('/') + 1);
  const [photo, mask] = await Promise.all([
    readBytes(`jobs/${id}/inputs/image`),
    // Where the mask was found, nobody sent one.
    readBytes(`jobs/${id}/inputs/mask`).catch(() => undefined),
  ]);
  const fetched = newPhoto(new File([photo], name, { type: photo.type }));
  const maskFile = mask && new File([mask], 'mask.png');
  const added = { ...fetched, maskFile };
  addPhoto(studio, added);
  return added;
}

/** Brings back what was open before the page was loaded again, in whatever state it was. */
export async function restore(studio: Studio): Promise<void> {
  const { session, runner } = studio;
  const job = jobInAddress();
  Object.assign(session, await readSession().catch(() => ({})));
  const { current, pending } = session;
  session.current = undefined;
  if (current !== undefined) {
    await choosePhoto(studio, session.photos.find(({ id }) => id === pending[0]?.photo) ?? current);
  }
  const photoOf = ({ photo }: Pending) => session.photos.find(({ id }) => id === photo);
  runner.hold(
    pending.flatMap((each) => {
      const photo = photoOf(each);
      return photo === undefined ? [] : [{ photo, pending: each }];
    }),
  );
  if (job !== undefined) await openJob(studio, job);
  await followActive(studio);
  await runner.next();
}

/** A run that went on while the page was away, and another one, or none, was looked at. */
async function followActive({ session, runner, problems }: Studio): Promise<void> {
  const { active } = session;
  const photo = session.photos.find(({ id }) => id === active?.photo);
  if (active === undefined || photo === undefined) return;
  try {
    await runner.follow(photo, await readJob(active.job));
  } catch (error) {
    problems.show(error);
  }
}
