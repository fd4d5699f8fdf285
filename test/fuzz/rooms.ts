import { bucketRoom } from './buckets.ts';
import type { Room } from './finding.ts';
import { formRoom, jsonRoom } from './http.ts';
import { maskRoom, pictureRoom } from './pictures.ts';

/** Everything that takes what people send, by name. Add a room here and it is fuzzed. */
export const rooms = {
  pictures: pictureRoom,
  masks: maskRoom,
  forms: formRoom,
  json: jsonRoom,
  buckets: bucketRoom,
} as const satisfies Readonly<Record<string, () => Promise<Room>>>;

export type RoomName = keyof typeof rooms;
