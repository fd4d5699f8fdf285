import sharp from 'sharp';
import { ApiError } from '../../deploy/local/model/api-error.ts';
import { addDrift } from '../../deploy/local/model/drift.ts';
import { decodeRgb, encodeRgb, type Rgb, resizeRgb } from '../../deploy/local/model/pixels.ts';
import type { ModelCall } from '../../deploy/local/model/server.ts';
import type { Work } from '../../deploy/local/model/tools.ts';

/** How a model misbehaves. All of these combine. */
export interface Behaviour extends PictureBehaviour {
  /** Leaves out the small changes that real models make outside the mask. */
  readonly exact?: boolean;
  /** Filters all, or so many, of the candidates. */
  readonly filtered?: 'all' | number;
  /** Answers words instead of a picture; `:predict` says that the prompt was blocked by policy. */
  readonly refusal?: boolean;
  /** Gemini stops for that reason, without a picture. */
  readonly finishReason?: string;
  readonly blockReason?: string;
  /** Answers no predictions, no candidates. */
  readonly empty?: boolean;
  /** Gemini shows so many drafts before the picture. */
  readonly thoughts?: number;
  /** Answers 200 with a body that is no JSON. */
  readonly garbage?: boolean;
  /** Path of a field, camel case, that the model does not know, or does not take. */
  readonly unknownField?: string;
  readonly unsupportedField?: string;
  /** Answers this error, with `Retry-After` in seconds. */
  readonly status?: number;
  readonly retryAfter?: number;
  /** Never answers, or breaks the connection. */
  readonly hang?: boolean;
  readonly reset?: boolean;
}

/** What happens to the picture of an answer; lengths in pixels of the answer. */
interface PictureBehaviour {
  /** Moves it right and down. */
  readonly shift?: number;
  /** Enlarges it around its centre, per cent. */
  readonly zoom?: number;
  /** Raises every sample, levels. */
  readonly brighten?: number;
  /** Standard deviation of a Gaussian blur. */
  readonly blur?: number;
  /** `WxH`: another size than asked for. */
  readonly size?: string;
  /** Palette PNG; JPEG under the name of PNG; a file cut in half. */
  readonly palette?: boolean;
  readonly jpeg?: boolean;
  readonly truncated?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** 39322892: a person or a face; 42876398: other. */
const filteredText =
  "Unable to show generated images. All images were filtered out because they violated Vertex AI's usage guidelines. You will not be charged for blocked images. Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 39322892";
const someFilteredText = (count: number) =>
  `${count} of the generated images were filtered out because they violated Vertex AI's usage guidelines. Support codes: 39322892`;
const policyText =
  "Image generation failed with the following error: The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI practices. Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42876398";

const snakeCase = (path: string) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const valueAt = (body: unknown, [name, ...rest]: readonly string[]): unknown =>
  name === undefined ? body : valueAt((body as Fields | undefined)?.[name], rest);

/** @throws {ApiError} in the words of the service, for a field that the body has and the model does not. */
export function refuseFields(body: unknown, { unknownField, unsupportedField }: Behaviour): void {
  const has = (path: string | undefined): path is string =>
    path !== undefined && valueAt(body, path.split('.')) !== undefined;
  if (has(unknownField)) {
    const at = unknownField.lastIndexOf('.');
    const place = snakeCase(unknownField.slice(0, at));
    const message = `Invalid JSON payload received. Unknown name "${unknownField.slice(at + 1)}" at '${place}': Cannot find field.`;
    throw new ApiError(400, message, { violations: [{ field: place, description: message }] });
  }
  if (!has(unsupportedField)) return;
  const leaf = snakeCase(unsupportedField).replace(/^.*\./, '');
  throw new ApiError(400, `Request contains an invalid argument: ${leaf} is not supported for this model.`);
}

/** Runs the work of a call, and changes its reply as asked for. @throws {ApiError} for a refusal. */
export async function misbehavedReply(call: ModelCall, work: Work, behaviour: Behaviour): Promise<unknown> {
  const drift: typeof addDrift = behaviour.exact ? (picture) => picture : addDrift;
  const reply = (await work.run({ gone: call.gone, drift })) as Fields;
  if (call.target.kind === 'endpoint') return endpointReply(reply, behaviour);
  if (call.target.kind === 'remover') return removerReply(reply, behaviour);
  return call.target.method === 'predict'
    ? imagenReply(reply, behaviour, call.body)
    : geminiReply(reply, behaviour);
}

async function endpointReply(reply: Fields, { filtered, refusal, empty, ...picture }: Behaviour) {
  if (refusal) throw new ApiError(400, 'Potential NSFW content was detected by the safety checker');
  if (empty) return { predictions: [] };
  const items = reply['predictions'] as string[];
  const shown = filtered === 'all' ? 0 : items.length - (filtered ?? 0);
  const predictions = items.map((item, n) => (n < shown ? changed(item, 'image/png', picture) : null));
  return { predictions: await Promise.all(predictions) };
}

async function removerReply(reply: Fields, { filtered, refusal, empty, ...picture }: Behaviour) {
  if (refusal) throw new ApiError(400, 'the picture is not allowed');
  if (empty || filtered) return {};
  return { image: await changed(reply['image'] as string, 'image/png', picture) };
}

async function imagenReply(reply: Fields, behaviour: Behaviour, body: unknown) {
  const { filtered, refusal, empty } = behaviour;
  if (refusal) throw new ApiError(400, policyText);
  if (empty) return {};
  const { parameters } = body as { parameters?: { includeRaiReason?: boolean } };
  const items = reply['predictions'] as Fields[];
  const pictures = items.filter((item) => 'mimeType' in item);
  const count = filtered === 'all' ? pictures.length : (filtered ?? 0);
  const shown = pictures.slice(0, Math.max(0, pictures.length - count));
  const raiFilteredReason = shown.length === 0 ? filteredText : someFilteredText(count);
  const changes = shown.map(async (item) => {
    const { bytesBase64Encoded: bytes, mimeType } = item;
    if (typeof bytes !== 'string') return item;
    return { ...item, bytesBase64Encoded: await changed(bytes, String(mimeType), behaviour) };
  });
  return {
    predictions: [
      ...(await Promise.all(changes)),
      ...(count > 0 && parameters?.includeRaiReason !== false ? [{ raiFilteredReason }] : []),
      ...items.filter((item) => !('mimeType' in item)),
    ],
  };
}

interface GeminiPart {
  readonly text?: string;
  readonly thought?: boolean;
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
}

async function geminiReply(reply: Fields, behaviour: Behaviour) {
  const { blockReason, empty, finishReason, filtered, refusal } = behaviour;
  const { candidates, ...rest } = reply;
  // The list is missing when it is empty, as in recorded replies.
  if (blockReason) return { ...rest, promptFeedback: { blockReason } };
  if (empty) return rest;
  if (finishReason || filtered)
    return { ...rest, candidates: [{ finishReason: finishReason ?? 'IMAGE_SAFETY', index: 0 }] };
  const [candidate] = candidates as { content: { parts: GeminiPart[] } }[];
  const parts: readonly GeminiPart[] = refusal
    ? [{ text: 'I cannot make that change to this picture.' }]
    : (
        await Promise.all((candidate?.content.parts ?? []).map((part) => changedParts(part, behaviour)))
      ).flat();
  return { ...rest, candidates: [{ ...candidate, content: { role: 'model', parts } }] };
}

/** A part of a reply; a picture with the drafts before it. */
async function changedParts(part: GeminiPart, behaviour: Behaviour): Promise<GeminiPart[]> {
  if (part.inlineData === undefined) return [part];
  const { mimeType, data } = part.inlineData;
  const partOf = async (more: PictureBehaviour) => ({
    inlineData: { mimeType, data: await changed(data, mimeType, { ...behaviour, ...more }) },
  });
  const drafts: GeminiPart[] = [];
  for (let n = 0; n < (behaviour.thoughts ?? 0); n++) {
    drafts.push({ text: 'Looking at the marked region.', thought: true });
    // Drafts are softer than the picture they become.
    drafts.push({ ...(await partOf({ blur: 2 })), thought: true });
  }
  return [...drafts, await partOf({})];
}

/** Changes a base64 picture. */
async function changed(text: string, mimeType: string, behaviour: PictureBehaviour): Promise<string> {
  const { shift = 0, zoom = 0, brighten = 0, blur = 0, size, palette, jpeg, truncated } = behaviour;
  let bytes: Buffer = Buffer.from(text, 'base64');
  if (shift || zoom || brighten || blur || size || palette || jpeg) {
    let picture = await decodeRgb(bytes);
    if (shift || zoom) picture = warp(picture, 1 + zoom / 100, shift);
    const { width: across, height: down } = picture;
    picture = { ...picture, data: picture.data.map((value) => Math.max(0, Math.min(255, value + brighten))) };
    const raw = { raw: { width: across, height: down, channels: 3 as const } };
    if (blur) picture = { ...picture, data: await sharp(picture.data, raw).blur(blur).raw().toBuffer() };
    const [width = across, height = down] = size?.split('x').map(Number) ?? [];
    picture = await resizeRgb(picture, { width, height });
    const format = { mimeType: jpeg ? 'image/jpeg' : mimeType, compressionQuality: undefined };
    bytes = await encodeRgb(picture, format);
    if (palette) bytes = await sharp(bytes).png({ palette: true }).toBuffer();
  }
  return bytes.subarray(0, truncated ? bytes.length >> 1 : bytes.length).toString('base64');
}

/** Zooms around the centre and shifts, bilinear; the border continues outwards. */
function warp(picture: Rgb, zoom: number, shift: number): Rgb {
  const { width, height, data: from } = picture;
  const data = new Uint8Array(from.length);
  const columns = sourcesOf(width, zoom, shift);
  let i = 0;
  for (const { first: top, next: below, weight: down } of sourcesOf(height, zoom, shift)) {
    for (const { first: left, next: right, weight: across } of columns) {
      for (let c = 0; c < 3; c++) {
        const sample = (column: number, row: number) => from[(row * width + column) * 3 + c]!;
        const upper = mix(sample(left, top), sample(right, top), across);
        const lower = mix(sample(left, below), sample(right, below), across);
        data[i++] = Math.round(mix(upper, lower, down));
      }
    }
  }
  return { width, height, channels: 3, data };
}

/** For each position of a side: the two positions it is taken from, and the weight of the second. */
function sourcesOf(length: number, zoom: number, shift: number) {
  const centre = (length - 1) / 2;
  return Array.from({ length }, (_, at) => {
    const source = Math.max(0, Math.min(length - 1, (at - shift - centre) / zoom + centre));
    const first = Math.floor(source);
    return { first, next: Math.min(first + 1, length - 1), weight: source - first };
  });
}

const mix = (a: number, b: number, weight: number): number => a + (b - a) * weight;
