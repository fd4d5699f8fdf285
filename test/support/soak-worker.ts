import type { Edit, EditResult } from '../../lib/edit.ts';
import type { InpaintEngine, InpaintRequest } from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import { inlineDispatch } from '../../lib/jobs/dispatch.ts';
import { handleUpload } from '../../lib/jobs/upload.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { buckets, never, planOptions, runOptions } from './job-world.ts';
import type { SoakSettings } from './soak.ts';

/** One worker process of a soak: handles events until it is killed. */
const settings = JSON.parse(String(process.argv[2])) as SoakSettings;
const store = cloudStorage({
  apiEndpoint: settings.storageUrl,
  projectId: undefined,
  retry: { attemptTimeoutMs: 5000, backoffMs: [20, 100] },
});

/** The model is a server in another process, which counts the calls: a kill cannot lose them. */
const engine: InpaintEngine = {
  name: 'fake:1',
  frames: { kind: 'free', maxSidePx: 1024 },
  async inpaint({ prompt }, signal) {
    const response = await fetch(`${settings.modelUrl}/?for=${encodeURIComponent(prompt ?? '')}`, { signal });
    const text = await response.text();
    if (response.status === 429) throw new EditError('MODEL_QUOTA', 'Expected quota', { retryAfterMs: 20 });
    if (!response.ok) throw new EditError('MODEL_UNAVAILABLE', 'Expected an answer', { retryAfterMs: 20 });
    const image = { bytes: new TextEncoder().encode(text), mediaType: 'image/png' };
    return { outcomes: [{ kind: 'image', image }], warnings: [], calls: 1 };
  },
};

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

const editWith =
  (durable: InpaintEngine): Edit =>
  async ({ image, mask }, signal) => {
    const prompt = `${text(image)} with ${text(mask)}`;
    const { outcomes } = await durable.inpaint({ key: 'r0', prompt } as InpaintRequest, signal);
    const [first] = outcomes;
    const painted = first?.kind === 'image' ? text(first.image.bytes) : 'nothing';
    const bytes = new TextEncoder().encode(`${prompt}: ${painted}`);
    const result = {
      outputs: [{ bytes, mediaType: 'image/jpeg', extension: 'jpg' }],
      report: { engine: durable.name, modelCalls: 1, warnings: [], timingsMs: {} },
    };
    return result as unknown as EditResult;
  };

const options = {
  store,
  inputBucket: buckets.input,
  pairing: { folderMask: false },
  plan: planOptions,
  dispatchesAtOnce: 1,
  dispatch: inlineDispatch(runOptions(store, engine, { editWith, budget: settings.budget })),
};

process.on('message', async ({ delivery, name }: { delivery: number; name: string }) => {
  const error = await handleUpload({ bucket: buckets.input, name }, options, never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const retryAfterMs = error instanceof EditError ? error.retryAfterMs : undefined;
  process.send?.({ delivery, acknowledged: error === undefined, retryAfterMs, error: String(error) });
});
process.send?.('ready');
