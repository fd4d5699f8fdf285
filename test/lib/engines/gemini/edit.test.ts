import { describe, expect, it } from 'vitest';
import type { EngineCodec, InpaintRequest } from '../../../../lib/engines/engine.ts';
import { engineOnFake, type FakeAnswer, fakeModel } from '../../../support/fake-model.ts';
import { cropBase64, greyCrop, pngBase64, removalRequest } from '../../../support/inpaint-request.ts';
import { boxMask } from '../../../support/pictures.ts';

const never = new AbortController().signal;
const model = 'gemini-nano-banana-2.1';

const answer = (parts: readonly unknown[], finishReason = 'STOP'): FakeAnswer => ({
  json: { candidates: [{ content: { role: 'model', parts }, finishReason }] },
});
const picture = (width = 1024, height = 1024, extra: object = {}) => ({
  inlineData: { mimeType: 'image/png', data: pngBase64(width, height) },
  ...extra,
});

type Options = Parameters<typeof engineOnFake>[2];
const setUp = (answers: readonly FakeAnswer[], options: Options = {}) =>
  engineOnFake('gemini', answers, { model, ...options });

async function replyTo(answers: readonly FakeAnswer[], overrides: Partial<InpaintRequest> = {}) {
  const { engine } = await setUp(answers);
  return engine.inpaint(removalRequest(overrides), never);
}

describe('request body', () => {
  it('shows crop and marked copy, and always sends ratio and size', async () => {
    const { engine, seen } = await setUp([answer([picture()])]);
    await engine.inpaint(removalRequest(), never);
    expect(seen[0]?.url).toBe(
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-nano-banana-2.1:generateContent',
    );
    expect(seen[0]?.body).toEqual({
      contents: [
        {
          role: 'user',
          parts: [
            { text: expect.stringContaining('Remove everything that is inside the marked region') },
            { inlineData: { mimeType: 'image/png', data: cropBase64 } },
            { inlineData: { mimeType: 'image/png', data: cropBase64 } },
          ],
        },
      ],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        imageConfig: { aspectRatio: '1:1', imageSize: '1K', imageOutputOptions: { mimeType: 'image/png' } },
        thinkingConfig: { thinkingLevel: 'MINIMAL' },
      },
    });
  });

  it('names no size to a model that has one, and no thinking level where the table has none', async () => {
    const { engine, seen } = await setUp([answer([picture()])], { model: 'gemini-3.1-flash-lite-image' });
    await engine.inpaint(removalRequest(), never);
    const imageConfig = { aspectRatio: '1:1', imageOutputOptions: { mimeType: 'image/png' } };
    expect(seen[0]?.body.generationConfig).toEqual({ responseModalities: ['TEXT', 'IMAGE'], imageConfig });
  });

  it('draws the mark into the second picture only', async () => {
    const seenPixels: number[][] = [];
    const codec: EngineCodec = {
      encode: async (raster) => {
        seenPixels.push([...raster.data.subarray((3 * 8 + 3) * 3, (3 * 8 + 3) * 3 + 3)]);
        return { bytes: new Uint8Array(1), mediaType: 'image/png' };
      },
    };
    const crop = greyCrop();
    const { engine } = await setUp([answer([picture()])], { codec });
    await engine.inpaint(removalRequest({ crop }), never);
    expect(seenPixels).toEqual([
      [100, 100, 100],
      [178, 50, 178],
    ]);
    expect(crop.data.every((value) => value === 100)).toBe(true);
  });

  it('asks for the smallest size that covers the crop', async () => {
    const size = { width: 1536, height: 2752 };
    const mask = boxMask(size, { left: 2, top: 2, width: 4, height: 4 });
    const { engine, seen } = await setUp([answer([picture(1536, 2752)])]);
    await engine.inpaint(removalRequest({ crop: greyCrop(1536, 2752), mask }), never);
    const { imageConfig } = seen[0]!.body.generationConfig;
    expect(imageConfig).toMatchObject({ aspectRatio: '9:16', imageSize: '2K' });
  });

  it('says person, safety and labels in the words of this API, and names what it ignores', async () => {
    const { engine, seen } = await setUp([answer([picture()])]);
    const reply = await engine.inpaint(
      removalRequest({
        personGeneration: 'dont_allow',
        safetySetting: 'block_only_high',
        labels: { team: 'photos' },
        seed: 3,
        steps: 20,
      }),
      never,
    );
    const { body } = seen[0]!;
    expect(body.generationConfig.imageConfig.personGeneration).toBe('ALLOW_NONE');
    expect(body.safetySettings).toHaveLength(4);
    expect(body?.safetySettings[0]?.threshold).toBe('BLOCK_ONLY_HIGH');
    expect(body.labels).toEqual({ team: 'photos' });
    expect(reply.warnings.join(' ')).toMatch(/take seed.*take steps/);
  });

  it('asks the codec for at most 7 MB, and refuses what stays larger', async () => {
    const limits: (number | undefined)[] = [];
    const codec: EngineCodec = {
      encode: async (_, options) => {
        limits.push(options?.maxBytes);
        return { bytes: new Uint8Array(8_000_000), mediaType: 'image/jpeg' };
      },
    };
    const { engine, seen } = await setUp([answer([picture()])], { codec });
    await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(limits).toEqual([7_000_000]);
    expect(seen).toHaveLength(0);
  });

  it('asks for the picture without what is to be found, and shows no mark', async () => {
    const { engine, seen } = await setUp([answer([picture()])]);
    const find = (automaticMask: InpaintRequest['automaticMask']) =>
      engine.inpaint(removalRequest({ mask: undefined, automaticMask }), never);
    await find({ mode: 'prompt', classes: undefined, words: 'the red car' });
    await find({ mode: 'semantic', classes: [5, 7] });
    const parts = seen.map(({ body }) => body.contents[0]?.parts);
    expect(parts[0]?.[0]?.text).toContain('the red car');
    expect(parts[1]?.[0]?.text).toContain('case, cat');
    expect(parts.map((part) => part?.length)).toEqual([2, 2]);
  });

  it('refuses a scribble by name before anything is sent', async () => {
    const { engine, seen } = await setUp([answer([picture()])]);
    const request = removalRequest({
      mask: undefined,
      automaticMask: { mode: 'interactive', classes: undefined },
    });
    await expect(engine.inpaint(request, never)).rejects.toMatchObject({ code: 'ENGINE_UNSUPPORTED' });
    expect(seen).toHaveLength(0);
  });
});

describe('reply', () => {
  it('takes the last image that is not a draft, also after text', async () => {
    const parts = [{ text: 'Here:' }, picture(1, 1), picture(1024, 1024), picture(2, 2, { thought: true })];
    const reply = await replyTo([answer(parts)]);
    const [outcome] = reply.outcomes;
    expect(outcome?.kind === 'image' && Buffer.from(outcome.image.bytes).toString('base64')).toBe(
      pngBase64(1024, 1024),
    );
    expect(reply.warnings).toEqual([]);
  });

  it('takes the last draft when there is nothing else', async () => {
    const drafts = [picture(1, 1, { thought: true }), picture(1024, 1024, { thought: true })];
    expect((await replyTo([answer(drafts)])).warnings).toEqual([]);
  });

  it('says when another size came back', async () => {
    const reply = await replyTo([answer([picture(1280, 720)])]);
    expect(reply.warnings).toEqual([
      'gemini:gemini-nano-banana-2.1 was asked for 1024 x 1024 and answered 1280 x 720.',
    ]);
  });

  it('asks once more after words only', async () => {
    const reply = await replyTo([answer([{ text: 'I cannot.' }]), answer([picture()])]);
    expect(reply).toMatchObject({ calls: 2, outcomes: [{ kind: 'image' }] });
  });

  it.each(['IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'PROHIBITED_CONTENT', 'SAFETY', 'BLOCKLIST', 'SPII'])(
    'takes %s for a lasting block and does not ask again',
    async (finishReason) => {
      const { engine, seen } = await setUp([{ json: { candidates: [{ finishReason }] } }]);
      await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({
        code: 'ENGINE_FILTERED',
        details: { reasons: [`blocked (${finishReason})`] },
      });
      expect(seen).toHaveLength(1);
    },
  );

  it('takes a blocked prompt for a lasting block', async () => {
    await expect(
      replyTo([{ json: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } } }]),
    ).rejects.toMatchObject({
      code: 'ENGINE_FILTERED',
    });
  });

  it.each(['NO_IMAGE', 'IMAGE_OTHER', 'OTHER', 'IMAGE_RECITATION', 'MAX_TOKENS'])(
    'tries %s again, a bounded number of times',
    async (finishReason) => {
      const { engine, seen } = await setUp([{ json: { candidates: [{ finishReason }] } }]);
      await expect(engine.inpaint(removalRequest(), never)).rejects.toMatchObject({
        code: 'ENGINE_BAD_REPLY',
        kind: 'passing',
      });
      expect(seen).toHaveLength(2);
    },
  );

  it.each([[{}], [{ candidates: [] }], [{ candidates: [{}] }]])('survives %j', async (json) => {
    await expect(replyTo([{ json }])).rejects.toMatchObject({ kind: 'passing' });
  });
});

describe('samples', () => {
  it('are one call each, at most two at a time', async () => {
    let [now, most] = [0, 0];
    const fake = fakeModel(answer([picture()]));
    const counting: typeof fetch = async (input, init) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return fake.fetch(input, init);
    };
    const { engine } = await setUp([], { tuning: { fetch: counting } });
    const reply = await engine.inpaint(removalRequest({ samples: 4 }), never);
    expect(reply.outcomes).toHaveLength(4);
    expect(reply.calls).toBe(4);
    expect(most).toBe(2);
  });

  it('keeps the pictures it has when a later call fails', async () => {
    const { engine } = await setUp([answer([picture()]), { status: 403 }], { tuning: { concurrency: 1 } });
    const reply = await engine.inpaint(removalRequest({ samples: 3 }), never);
    expect(reply.outcomes).toHaveLength(1);
    expect(reply.calls).toBe(2);
    expect(reply.warnings).toEqual(['2 of 3 candidates are missing: MODEL_PERMISSION.']);
  });

  it.each([
    ['none when all were answered with an error', [{ status: 404 }], false],
    [
      'one that had no picture',
      [answer([{ text: 'No.' }]), answer([{ text: 'No.' }]), { status: 404 }],
      true,
    ],
  ] as const)('tell whether one of them may be billed: %s', async (_, answers, mayBeBilled) => {
    const { engine } = await setUp(answers, { tuning: { concurrency: 1 } });
    await expect(engine.inpaint(removalRequest({ samples: 2 }), never)).rejects.toMatchObject({
      code: 'MODEL_RETIRED',
      billing: { mayBeBilled },
    });
  });
});
