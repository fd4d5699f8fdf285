import { EditError } from '../errors.ts';

/** The semantic classes Imagen can mask by itself; the id of a class is its place in this list, 0..193. */
// biome-ignore format: a table of 194 lines tells nothing more
export const maskClasses = [
  'backpack', 'umbrella', 'bag', 'tie', 'suitcase', 'case', 'bird', 'cat', 'dog', 'horse', 'sheep', 'cow',
  'elephant', 'bear', 'zebra', 'giraffe', 'animal_other', 'microwave', 'radiator', 'oven', 'toaster',
  'storage_tank', 'conveyor_belt', 'sink', 'refrigerator', 'washer_dryer', 'fan', 'dishwasher', 'toilet',
  'bathtub', 'shower', 'tunnel', 'bridge', 'pier_wharf', 'tent', 'building', 'ceiling', 'laptop',
  'keyboard', 'mouse', 'remote', 'cell phone', 'television', 'floor', 'stage', 'banana', 'apple',
  'sandwich', 'orange', 'broccoli', 'carrot', 'hot_dog', 'pizza', 'donut', 'cake', 'fruit_other',
  'food_other', 'chair_other', 'armchair', 'swivel_chair', 'stool', 'seat', 'couch', 'trash_can',
  'potted_plant', 'nightstand', 'bed', 'table', 'pool_table', 'barrel', 'desk', 'ottoman', 'wardrobe',
  'crib', 'basket', 'chest_of_drawers', 'bookshelf', 'counter_other', 'bathroom_counter', 'kitchen_island',
  'door', 'light_other', 'lamp', 'sconce', 'chandelier', 'mirror', 'whiteboard', 'shelf', 'stairs',
  'escalator', 'cabinet', 'fireplace', 'stove', 'arcade_machine', 'gravel', 'platform', 'playingfield',
  'railroad', 'road', 'snow', 'sidewalk_pavement', 'runway', 'terrain', 'book', 'box', 'clock', 'vase',
  'scissors', 'plaything_other', 'teddy_bear', 'hair_dryer', 'toothbrush', 'painting', 'poster',
  'bulletin_board', 'bottle', 'cup', 'wine_glass', 'knife', 'fork', 'spoon', 'bowl', 'tray', 'range_hood',
  'plate', 'person', 'rider_other', 'bicyclist', 'motorcyclist', 'paper', 'streetlight', 'road_barrier',
  'mailbox', 'cctv_camera', 'junction_box', 'traffic_sign', 'traffic_light', 'fire_hydrant',
  'parking_meter', 'bench', 'bike_rack', 'billboard', 'sky', 'pole', 'fence', 'railing_banister',
  'guard_rail', 'mountain_hill', 'rock', 'frisbee', 'skis', 'snowboard', 'sports_ball', 'kite',
  'baseball_bat', 'baseball_glove', 'skateboard', 'surfboard', 'tennis_racket', 'net', 'base', 'sculpture',
  'column', 'fountain', 'awning', 'apparel', 'banner', 'flag', 'blanket', 'curtain_other',
  'shower_curtain', 'pillow', 'towel', 'rug_floormat', 'vegetation', 'bicycle', 'car', 'autorickshaw',
  'motorcycle', 'airplane', 'bus', 'train', 'truck', 'trailer', 'boat_ship', 'slow_wheeled_object',
  'river_lake', 'sea', 'water_other', 'swimming_pool', 'waterfall', 'wall', 'window', 'window_blind',
] as const;

/** Imagen takes up to this many classes at once. */
export const maxMaskClasses = 5;

/** The class of people. */
export const personClass = maskClasses.indexOf('person');

/** Ids -> names, as people write them. */
export const classNames = (ids: readonly number[] = []): readonly string[] =>
  ids.map((id) => (maskClasses[id] ?? String(id)).replaceAll('_', ' '));

const idOfName: ReadonlyMap<string, number> = new Map(maskClasses.map((name, id) => [canonical(name), id]));

/** Blanks, hyphens and case make no difference: `Cell Phone` is `cell phone` is `cell_phone`. */
function canonical(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_');
}

/**
 * Class names or ids -> ids, in order and without repetitions.
 *
 * @throws {EditError} `REQUEST_INVALID` naming what is no class, with the nearest names there are.
 */
export function maskClassIds(classes: readonly (string | number)[]): readonly number[] {
  return [...new Set(classes.map(maskClassId))];
}

function maskClassId(value: string | number): number {
  const id =
    typeof value === 'number' || /^\s*\d+\s*$/.test(value) ? Number(value) : idOfName.get(canonical(value));
  if (id !== undefined && Number.isInteger(id) && id >= 0 && id < maskClasses.length) return id;
  const alike = maskClasses.filter((name) => typeof value === 'string' && name.includes(canonical(value)));
  const hint = alike.length > 0 ? `; alike: ${alike.join(', ')}` : '';
  const got = JSON.stringify(value).slice(0, 40);
  throw new EditError(
    'REQUEST_INVALID',
    `Expected a mask class by name or as id 0..${maskClasses.length - 1}, got ${got}${hint}`,
  );
}
