import { readConfig } from '../../lib/config.ts';
import { defaultModels } from '../../lib/engines/known-models.ts';
import { modelEntry } from '../../lib/engines/models.ts';
import { modelFor } from '../../lib/engines/vertex/model.ts';
import { modelPath } from '../../lib/engines/vertex/url.ts';
import type { VertexPost } from '../../lib/engines/vertex/vertex.ts';
import { asEditError, EditError } from '../../lib/errors.ts';
import { aspectRatios, imageSizes } from '../../lib/requests/values.ts';

/** One thing that a model may take or not. */
interface Question {
  readonly name: string;
  readonly generationConfig: Readonly<Record<string, unknown>>;
}

/**
 * `refused`: the service says no to just that. `not refused`: it says no to the broken picture only, so that
 * it knows the field; whether a value works is sure for the names of fields, and likely for values.
 */
interface Finding {
  readonly name: string;
  readonly isRefused: boolean;
  /** What the service said. */
  readonly said: string;
}

const ofImage = (imageConfig: object) => ({ imageConfig });

const questions: readonly Question[] = [
  { name: 'no further field', generationConfig: {} },
  { name: 'a field that nobody has', generationConfig: { noSuchField: 1 } },
  {
    name: 'imageOutputOptions',
    generationConfig: ofImage({ imageOutputOptions: { mimeType: 'image/png' } }),
  },
  { name: 'personGeneration', generationConfig: ofImage({ personGeneration: 'ALLOW_ADULT' }) },
  ...['512', ...imageSizes].map((imageSize) => ({
    name: `imageSize ${imageSize}`,
    generationConfig: ofImage({ imageSize }),
  })),
  ...aspectRatios.map((aspectRatio) => ({
    name: `aspectRatio ${aspectRatio}`,
    generationConfig: ofImage({ aspectRatio }),
  })),
  ...['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].map((thinkingLevel) => ({
    name: `thinkingLevel ${thinkingLevel}`,
    generationConfig: { thinkingConfig: { thinkingLevel } },
  })),
];

/** Three bytes that are no picture: no model can answer, and nothing is billed. */
const brokenPicture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };

/**
 * Asks a Gemini image model only what it must refuse, and tells which fields, sizes and ratios it takes.
 *
 * @throws {EditError} what stops all questions: no model there, no right, no quota; `INTERNAL` for an answer,
 *   which may be billed. Then nothing more is asked.
 */
export async function probe(
  post: VertexPost,
  model: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, generationConfig } of questions) {
    const config = { responseModalities: ['TEXT', 'IMAGE'], ...generationConfig };
    const body = {
      contents: [{ role: 'user', parts: [{ text: 'Leave the picture as it is.' }, brokenPicture] }],
      generationConfig: config,
    };
    const call = {
      path: modelPath(model, 'generateContent'),
      body,
      model,
      successor: undefined,
      secrets: [],
    };
    const error = asEditError(await post(call, signal).then(answered, (reason: unknown) => reason));
    const isRefused = error.code === 'MODEL_INCOMPATIBLE';
    if (!isRefused && error.code !== 'ENGINE_REJECTED') throw error;
    findings.push({ name, isRefused, said: error.message });
  }
  return findings;
}

const answered = (): EditError =>
  new EditError('INTERNAL', 'Expected the model to refuse a broken picture, got an answer: it may be billed');

/** What the table of models says otherwise, in sentences. */
export function differences(findings: readonly Finding[], model: string): readonly string[] {
  const {
    imageSizes: sizes = [],
    takesImageSize = true,
    aspectRatios: ratios = [],
    thinkingLevel,
  } = modelEntry(model) ?? {};
  const expected = [
    ...(takesImageSize ? sizes.map((size) => `imageSize ${size}`) : []),
    ...ratios.map((ratio) => `aspectRatio ${ratio}`),
    ...(thinkingLevel ? [`thinkingLevel ${thinkingLevel.toUpperCase()}`] : []),
    'no further field',
  ];
  return findings.flatMap(({ name, isRefused }) => {
    if (isRefused && expected.includes(name)) return [`${name}: the table has it, the model refuses it`];
    if (!isRefused && name === 'a field that nobody has')
      return ['The service does not refuse unknown fields: what it does not refuse here proves nothing'];
    return [];
  });
}

/** `npm run probe [-- MODEL]`: by GOOGLE_CLOUD_PROJECT, LOCATION, MODEL and MODEL_BASE_URL. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const model = process.argv[2] ?? config.model ?? defaultModels.gemini;
  const options = { model, settings: config, tuning: { maxTries: 1 }, maxCallsPerSample: 1 };
  const found = modelFor(options, { api: 'gemini', defaultModel: model, location: 'global' });
  console.log(`Asking ${model} in ${found.location} what it must refuse. Nothing of this is billed.\n`);
  const findings = await probe(found.post, model, AbortSignal.timeout(600_000));
  for (const { name, isRefused, said } of findings) {
    console.log(`${isRefused ? 'refused    ' : 'not refused'}  ${name}${isRefused ? `  (${said})` : ''}`);
  }
  for (const difference of differences(findings, model)) console.log(`\n${difference}`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    const { code, message, remedy } = asEditError(error);
    console.error(`${code}: ${message}\n${remedy}`);
    process.exitCode = 1;
  });
}
