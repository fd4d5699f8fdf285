import type { Fields } from './answers.ts';
import type { History } from './mask/history.ts';
import { fullTile, type Tile, type TileMask } from './mask/tiles.ts';
import { dropAll, dropKept, keep, readKept } from './store.ts';

/** A run of a photo, as the page remembers it. */
export interface Run {
  readonly job: string;
  readonly engine: string;
  /** When it was started, ms since 1970. */
  readonly at: number;
}

/** A photo that was opened. Its mask is that of the editor while it is the current one. */
export interface Photo {
  readonly id: string;
  readonly file: File;
  /** Where the bucket has it already, `gs://...`. */
  readonly uri: string | undefined;
  mask: TileMask | undefined;
  history: History | undefined;
  /** A mask that came with it and was not read yet. */
  maskFile: File | undefined;
  runs: readonly Run[];
}

export const newPhoto = (file: File, uri?: string): Photo => ({
  ...{ id: crypto.randomUUID(), file, uri },
  ...{ mask: undefined, history: undefined, maskFile: undefined, runs: [] },
});

/** What is asked for: the edit, or only the mask that these fields name. */
export interface Task {
  readonly find?: Fields;
}

/**
 * A run that was asked for and has no job yet: its key makes sure that it is one job, however often it is
 * sent.
 */
export interface Pending {
  /** Id of the photo. */
  readonly photo: string;
  readonly key: string;
  readonly task: Task;
}

export interface Session {
  photos: Photo[];
  current: Photo | undefined;
  pending: Pending | undefined;
  /** The run that was started last, and its photo. */
  active: Active | undefined;
}

interface Active {
  readonly photo: string;
  readonly job: string;
}

interface KeptSession {
  readonly savedAt: number;
  readonly photos: readonly Pick<Photo, 'id' | 'uri' | 'runs'>[];
  readonly current: string | undefined;
  readonly pending: Pending | undefined;
  readonly active: Active | undefined;
}

const sessionKey = 'session';
const fileKey = ({ id }: Pick<Photo, 'id'>) => `file:${id}`;
const maskKey = ({ id }: Pick<Photo, 'id'>) => `mask:${id}`;
const keptMs = 7 * 24 * 3600 * 1000;

/** What is open, and how far it is; small, so that it may be written often. */
export async function saveSession({ photos, current, pending, active }: Session): Promise<void> {
  const kept: KeptSession = {
    savedAt: Date.now(),
    photos: photos.map(({ id, uri, runs }) => ({ id, uri, runs })),
    current: current?.id,
    pending,
    active,
  };
  await keep(sessionKey, kept);
}

export const saveFile = async (photo: Photo): Promise<void> => void (await keep(fileKey(photo), photo.file));

export async function dropPhoto(photo: Photo): Promise<void> {
  await Promise.all([dropKept(fileKey(photo)), dropKept(maskKey(photo))]);
}

export const forget = async (): Promise<void> => void (await dropAll());

/** `true` stands for a tile that is edited throughout. */
interface KeptMask {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly (Tile | true | undefined)[];
}

export async function keepMask(photo: Photo): Promise<void> {
  if (photo.mask === undefined) return;
  const { width, height, tiles } = photo.mask;
  const kept: KeptMask = { width, height, tiles: tiles.map((tile) => (tile === fullTile ? true : tile)) };
  await keep(maskKey(photo), kept);
}

/** Puts the mask that was kept into an empty one of the same size. */
export async function restoreMask(photo: Photo, mask: TileMask): Promise<void> {
  const kept = (await readKept(maskKey(photo))) as KeptMask | undefined;
  if (kept?.width !== mask.width || kept.height !== mask.height) return;
  for (const [index, tile] of kept.tiles.entries()) mask.tiles[index] = tile === true ? fullTile : tile;
}

/** What was open before the page was loaded again; nothing where that is a week ago. */
export async function readSession(): Promise<Session> {
  const empty: Session = { photos: [], current: undefined, pending: undefined, active: undefined };
  const kept = (await readKept(sessionKey)) as KeptSession | undefined;
  if (kept === undefined) return empty;
  if (Date.now() - kept.savedAt > keptMs) {
    await forget();
    return empty;
  }
  const photos = await Promise.all(
    kept.photos.map(async ({ id, uri, runs }) => {
      const file = (await readKept(fileKey({ id }))) as File | undefined;
      return file && { ...newPhoto(file, uri), id, runs };
    }),
  );
  const found = photos.filter((photo) => photo !== undefined);
  const current = found.find(({ id }) => id === kept.current) ?? found[0];
  return { photos: found, current, pending: kept.pending, active: kept.active };
}
