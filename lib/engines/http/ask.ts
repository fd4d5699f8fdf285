import { retryAfterMs } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import type { Mask } from '../../pixels/raster.ts';
import { type Clock, sendInTime, systemClock } from '../calls/in-time.ts';
import { type Exchange, type ServiceCall, sendOnce } from '../calls/send.ts';
import type { EncodedImage, EngineCodec, InpaintReply, InpaintRequest } from '../engine.ts';
import type { Tuning } from '../entry.ts';
import type { HttpService } from '../http-service.ts';
import { base64, encodeWithin, pictureOutcome } from '../images.ts';
import { askForSamples } from '../samples.ts';
import { fetchPicture, pictureIn } from './answer.ts';

interface ServiceOptions {
  /** Named in errors and manifests. */
  readonly name: string;
  readonly service: HttpService;
  readonly secret: string | undefined;
  readonly codec: EngineCodec;
  readonly tuning: Tuning;
}

/** A PNG of 4096 x 4096 noise is 50 MB, two thirds of its base64. */
const maxReplyBytes = 80 * 1024 * 1024;

/**
 * Asks a service to remove what the mask shows, once for each candidate. Redirects are not followed: they
 * would carry pictures and secret elsewhere.
 *
 * @throws {EditError} as `InpaintEngine.inpaint`.
 */
export async function askService(
  options: ServiceOptions,
  { crop, mask, samples }: InpaintRequest,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const { name, service, codec, tuning } = options;
  if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${name}, got none`);
  const image = await encodeWithin(codec, crop, service.maxBytes);
  const maskImage = await encodeWithin(codec, asServiceMask(mask, service), service.maxBytes);
  const transport = { fetch: tuning.fetch ?? fetch, maxReplyBytes };
  const call = serviceCall(options, image, maskImage, tuning.clock ?? systemClock);
  const patience = { ...tuning, deadlineMs: tuning.deadlineMs ?? service.deadlineMs };
  const post = () =>
    sendInTime({ model: name, send: (time) => sendOnce(call, transport, time) }, patience, signal);
  const ask = async (send: () => Promise<Buffer | URL>) => {
    const picture = await send();
    const bytes =
      picture instanceof URL ? await fetchPicture(picture, { name, transport, patience }, signal) : picture;
    return [pictureOutcome(Uint8Array.from(bytes))];
  };
  // Services of this kind limit calls at a time, some to one.
  const { concurrency = 1 } = tuning;
  return askForSamples({ model: name, post, samples, concurrency, ask }, signal);
}

/** 255 where things go -> what the service has there. */
function asServiceMask(mask: Mask, { removes }: HttpService): Mask {
  return removes === 'white' ? mask : { ...mask, data: mask.data.map((value) => 255 - value) };
}

function serviceCall(
  { name, service, secret }: ServiceOptions,
  image: EncodedImage,
  mask: EncodedImage,
  clock: Clock,
): ServiceCall<Buffer | URL> {
  return {
    model: name,
    url: service.url,
    request: async () => {
      const headers = new Headers(service.headers);
      if (service.header !== undefined && secret !== undefined) headers.set(service.header, secret);
      if (service.body === 'multipart') return { headers, body: formOf(service, image, mask) };
      headers.set('content-type', 'application/json');
      return { headers, body: jsonOf(service, image, mask) };
    },
    read: (answer) => pictureIn(answer, service.answer, name),
    refusal: (answer) => refusalOf(answer, name, clock.now()),
  };
}

function formOf({ image, mask, fields }: HttpService, picture: EncodedImage, maskPicture: EncodedImage) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value));
  const file = ({ bytes, mediaType }: EncodedImage) =>
    new Blob([Uint8Array.from(bytes)], { type: mediaType });
  form.set(image, file(picture), picture.mediaType === 'image/png' ? 'image.png' : 'image.jpg');
  form.set(mask, file(maskPicture), 'mask.png');
  return form;
}

function jsonOf(
  { image, mask, fields, encoding }: HttpService,
  picture: EncodedImage,
  maskPicture: EncodedImage,
) {
  const text = (one: EncodedImage) =>
    encoding === 'data-url' ? `data:${one.mediaType};base64,${base64(one)}` : base64(one);
  return JSON.stringify({ ...fields, [image]: text(picture), [mask]: text(maskPicture) });
}

/** What a status other than 200 means. Bodies are not repeated: some services echo what they were sent. */
function refusalOf({ status, retryAfter }: Exchange, name: string, nowMs: number): EditError {
  const details = { model: name, httpStatus: status };
  const waitMs = retryAfterMs(retryAfter, nowMs);
  if ([401, 402, 403].includes(status)) {
    return new EditError(
      'MODEL_PERMISSION',
      `Expected ${name} to accept HTTP_ENGINE_SECRET and its account, got ${status}`,
      { details },
    );
  }
  if (status === 429) {
    return new EditError('MODEL_QUOTA', `Expected quota of ${name}, got 429`, {
      details,
      retryAfterMs: waitMs,
    });
  }
  if (status === 408 || status >= 500) {
    return new EditError('MODEL_UNAVAILABLE', `Expected ${name} to answer, got ${status}`, {
      details,
      retryAfterMs: waitMs,
    });
  }
  if (status < 400 || status === 404 || status === 405) {
    return new EditError('CONFIG_INVALID', `Expected a picture from HTTP_ENGINE at ${name}, got ${status}`, {
      details,
    });
  }
  return new EditError('ENGINE_REJECTED', `Expected ${name} to accept the request, got ${status}`, {
    details,
  });
}
