import type { RoomName } from './rooms.ts';

/** A case that was found, by the seed that makes it. */
interface Found {
  readonly room: RoomName;
  readonly seed: number;
  /** What came. */
  readonly was: string;
}

/** Cases that were found and mended: they stay so. A new one is added here with its fix. */
export const corpus: readonly Found[] = [
  { room: 'pictures', seed: 39, was: 'NOT_EXACT: frame, scans or tables of a JPEG with a gain map' },
  { room: 'pictures', seed: 397, was: 'NOT_EXACT: a restart marker after the last block' },
  {
    room: 'pictures',
    seed: 204,
    was: 'an error without a code: a transparent colour behind the pixels of a PNG',
  },
  { room: 'pictures', seed: 713, was: 'an error without a code: another checksum of the pixels of a PNG' },
];
