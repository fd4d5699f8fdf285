import { EditError } from '../../lib/errors.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { type Answer, jsonSender } from '../http.ts';
import { type Received, receive, type Source } from '../received.ts';
import type { Call, Route, StudioParts } from './context.ts';

export const planRoutes: readonly Route[] = [{ method: 'POST', path: /^\/plan$/, answer: planMask }];

/** Largest side of a picture, pixels. */
const maxSidePx = 65_535;

/** What a job would do, with all its files. */
export async function planned(call: Call, parts: StudioParts, received: Received): Promise<Answer> {
  const { response, signal } = call;
  const bytesOf = async (name: string) => {
    const source = received.files.get(name);
    return source && readSource(source, parts, signal);
  };
  const image = await bytesOf('image');
  if (image === undefined) throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
  const mask = await bytesOf('mask');
  const request = parseRequest(received.fields);
  const input = { image, mask, request, isPolarityGiven: 'polarity' in received.fields };
  const plan = await parts.decodes(async () => (await parts.plan())(input, signal));
  return { send: jsonSender(response, { ...plan, warnings: [...received.warnings, ...plan.warnings] }) };
}

async function readSource(source: Source, parts: StudioParts, signal: AbortSignal): Promise<Uint8Array> {
  if (source.kind === 'bytes') return source.bytes;
  const objects = await parts.objects();
  if (source.kind === 'uri') return (await objects.read(source.uri, signal)).bytes;
  const { object } = await (await parts.uploads()).find(source.id, signal);
  return (await parts.jobs()).readWhole(object, signal);
}

/** What an edit would do, from the mask and the size of its picture alone: fast enough for every stroke. */
async function planMask(call: Call, parts: StudioParts): Promise<Answer> {
  const { request, response, signal } = call;
  const shape = { operation: 'edit', files: ['mask'], ownFields: ['width', 'height'] } as const;
  const { files, fields, warnings } = await receive(request, { ...shape, maxFileBytes: parts.maxImageBytes });
  const { width, height, ...rest } = fields;
  const size = { width: sideOf('width', width), height: sideOf('height', height) };
  const source = files.get('mask');
  const mask = source && (await readSource(source, parts, signal));
  const input = { size, mask, request: parseRequest(rest), isPolarityGiven: 'polarity' in rest };
  const plan = await parts.decodes(async () => (await parts.plan())(input, signal));
  return { send: jsonSender(response, { ...plan, warnings: [...warnings, ...plan.warnings] }) };
}

function sideOf(name: string, value: unknown): number {
  const side = Number(value);
  if (Number.isInteger(side) && side > 0 && side <= maxSidePx) return side;
  const detail = `expected the ${name} of the picture, 1..${maxSidePx} pixels`;
  throw new EditError('REQUEST_INVALID', `${name}: ${detail}`, {
    errors: [{ pointer: `#/${name}`, detail }],
  });
}
