import { openEmulator } from '../support/emulator-world.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { eventHeaders } from '../support/upload-event.ts';
import { awkwardTexts, mutatedJson, secret } from './awkward.ts';
import { type Draw, drawFrom } from './draw.ts';
import { Finding, type Room } from './finding.ts';
import { post, serveFunctions } from './http.ts';

const size = { width: 48, height: 40 };
const pairsAtOnce = 4;
const laterMs = 3_600_000;

interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string;
}

/**
 * Names, metadata, request files and events that are a little wrong; then a sweep, which must reach a good
 * pair.
 */
export const bucketRoom = async (): Promise<Room> => {
  const storage = await openEmulator();
  const buckets = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const served = await serveFunctions(['onUpload', 'sweep'], {
    ...buckets,
    STORAGE_API_ENDPOINT: storage.url,
  });
  const { onUpload, sweep } = served.functions;
  const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
  const mask = await maskPng(boxMask(size, { left: 12, top: 12, width: 9, height: 8 }));
  return {
    async attempt(seed) {
      const draw = drawFrom(seed);
      const came: string[] = [];
      for (let n = 0; n < pairsAtOnce; n++) {
        for (const upload of strangePair(draw, `s${seed}-${n}`, { photo, mask })) {
          const object = await put(storage.url, upload);
          if (object === undefined) came.push('bucket: name refused by storage');
          else if (draw.chance(0.7)) came.push(`event: ${await post(onUpload!, eventOf(object, draw))}`);
        }
      }
      // No event tells of it: only a sweep that goes on finds it.
      const good = { name: `good-${seed}`, metadata: {}, contentType: 'image/png' };
      await put(storage.url, { ...good, name: `${good.name}.png`, bytes: photo });
      await put(storage.url, { ...good, name: `${good.name}.mask.png`, bytes: mask });
      storage.advance(laterMs);
      const headers = { 'content-type': 'application/json' };
      came.push(`sweep: ${await post(sweep!, { headers, body: Buffer.from('{}') })}`);
      const ends = (await listed(storage.url, 'output')).filter((name) =>
        /(manifest|error)\.json$/.test(name),
      );
      if (!ends.some((name) => name.startsWith(`${good.name}.png/`) && name.endsWith('/manifest.json')))
        throw new Finding('the sweep did not reach the good pair');
      const mine = ends.filter((name) => name.includes(`s${seed}-`));
      return [...came, ...mine.map((name) => `bucket: ${name.split('/').at(-1)}`)];
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
};

const fields = [
  'mode',
  'prompt',
  'feather-px',
  'polarity',
  'samples',
  'seed',
  'output-format',
  'constructor',
  '__proto__',
  'to-string',
  '',
  'x'.repeat(200),
] as const;
const maskNames = [
  '.mask.png',
  '_mask.png',
  '.mask.PNG',
  '_MASK.PNG',
  '-mask.png',
  '.png.mask.png',
  '.mask',
  '.mask.jpg',
] as const;
const extensions = ['.png', '.png', '.PNG', '.jpg', '.jfif', '', '.tar.gz', '.mask.png'] as const;

/** A pair, sometimes with a request file; its names, metadata and request drawn. */
function strangePair(
  draw: Draw,
  id: string,
  { photo, mask }: { photo: Uint8Array; mask: Uint8Array },
): Upload[] {
  const folder = draw.oneOf([
    '',
    '',
    'd/',
    'é/',
    'e\u0301/',
    'a b/',
    '../',
    './',
    '//',
    `${'x'.repeat(200)}/`,
  ]);
  const word = draw.oneOf(['', '', ...awkwardTexts]).slice(0, draw.oneOf([10, 10, 10, 900]));
  const stem = `${folder}${id}${word}`;
  const metadata = (): Record<string, string> => {
    const drawn: (readonly [string, string])[] = [];
    for (let n = draw.below(3); n > 0; n--)
      drawn.push([
        `inpaint-${draw.oneOf(fields)}`,
        draw.oneOf([...awkwardTexts.map((text) => text.slice(0, 500)), secret]),
      ]);
    return Object.fromEntries(drawn);
  };
  const contentType = draw.oneOf(['image/png', 'image/png', 'application/octet-stream', 'text/html', '']);
  const request = Buffer.from(mutatedJson({ mode: 'removal', featherPx: 2, negativePrompt: secret }, draw));
  return [
    { name: `${stem}${draw.oneOf(extensions)}`, bytes: photo, metadata: metadata(), contentType },
    {
      name: `${stem}${draw.chance(0.6) ? '.mask.png' : draw.oneOf(maskNames)}`,
      bytes: mask,
      metadata: metadata(),
      contentType,
    },
    ...(draw.chance(0.4)
      ? [{ name: `${stem}.json`, bytes: request, metadata: {}, contentType: 'application/json' }]
      : []),
  ];
}

interface StoredObject {
  readonly name: string;
  readonly generation: string;
}

/** By the JSON API, which takes any name. `undefined`: storage refuses it. */
async function put(
  url: string,
  { name, bytes, metadata, contentType }: Upload,
): Promise<StoredObject | undefined> {
  const facts = JSON.stringify({ name, metadata, ...(contentType && { contentType }) });
  const head = `--EDGE\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${facts}\r\n--EDGE\r\ncontent-type: ${contentType || 'image/png'}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--EDGE--\r\n')]);
  const headers = { 'content-type': 'multipart/related; boundary=EDGE' };
  const reply = await fetch(`${url}/upload/storage/v1/b/input/o?uploadType=multipart`, {
    method: 'POST',
    headers,
    body,
  });
  return reply.ok ? ((await reply.json()) as StoredObject) : undefined;
}

async function listed(url: string, bucket: string): Promise<string[]> {
  const reply = await fetch(`${url}/storage/v1/b/${bucket}/o?maxResults=1000`);
  const { items = [] } = (await reply.json()) as { items?: { name: string }[] };
  return items.map(({ name }) => name);
}

/** The event of an object, as Eventarc sends it or a little wrong. */
function eventOf(object: StoredObject, draw: Draw) {
  const headers = eventHeaders(object.name.toWellFormed());
  const data = { bucket: 'input', ...object };
  if (draw.chance(0.8)) return { headers, body: Buffer.from(JSON.stringify(data)) };
  if (draw.chance(0.3)) delete headers[draw.oneOf(Object.keys(headers).slice(1))];
  else
    headers[draw.oneOf(Object.keys(headers).slice(1))] = draw.oneOf([
      '',
      'x',
      '0',
      '1970-01-01T00:00:00Z',
      '%ff',
    ]);
  return { headers, body: Buffer.from(draw.chance(0.5) ? mutatedJson(data, draw) : JSON.stringify(data)) };
}
