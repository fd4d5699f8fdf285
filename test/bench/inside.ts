/**
 * Answers that must be published and answers that must not, each through the whole edit: how often the edit
 * can tell them apart. `node test/bench/inside.ts [--seeds seen|unseen|all] [--save DIR]`
 *
 * Thresholds are set by the seen half. The unseen half has other photos and other seeds. `--save` leaves what
 * came out wrong in a folder: photo | mask | answer.
 */
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { editor } from '../../lib/edit.ts';
import {
  budgetKey,
  type EncodedImage,
  type Frames,
  type InpaintEngine,
  type InpaintRequest,
} from '../../lib/engines/engine.ts';
import { EditError } from '../../lib/errors.ts';
import type { Raster } from '../../lib/pixels/raster.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { maskPng, pipelineOf, random } from '../support/pictures.ts';
import { type AnswerKind, answerKinds, type Question } from './inside/kinds.ts';
import { type Photos, readPhotos } from './inside/scenes.ts';
import { encoded } from './inside/spoil.ts';
import { type InsideRun, printInside } from './inside/tables.ts';
import { writeSideBySide } from './side-by-side.ts';

export type Half = 'seen' | 'unseen';
export type Outcome = 'silent' | 'warned' | 'held back';

interface Case {
  readonly kind: string;
  readonly n: number;
  readonly half: Half;
}

/** Every case, in the order of the table; each second one is unseen. */
export const insideCases = (): Case[] =>
  Object.entries(answerKinds).flatMap(([kind, { count }]) =>
    Array.from({ length: count }, (_, n) => ({
      kind,
      n,
      half: n % 2 === 0 ? ('seen' as const) : ('unseen' as const),
    })),
  );

/** Engines of today take any ratio, or a list of sizes. */
const frames: readonly Frames[] = [
  { kind: 'free', maxSidePx: 1024 },
  {
    kind: 'fixed',
    sizes: [
      { width: 512, height: 512 },
      { width: 640, height: 448 },
      { width: 448, height: 640 },
    ],
  },
];
const limits = { maxImageBytes: 1e8, maxImagePixels: 1e8 };
/** As the service sets them. */
const defaults = { featherPx: 32, dilationPx: 0, modelDilation: 0.01, maxRegions: 4, maxTiles: 16 };

/** What the edit makes of one case; `answers` are what the model gave. */
export async function runCase(
  { kind, n, half }: Case,
  photos: Photos,
): Promise<InsideRun & { answers: Raster[]; question: Question }> {
  const seed = crc32(`${kind} ${n}`);
  const next = random(seed);
  // Photos of the unseen half are not in the seen one.
  const mine = <T>(list: readonly T[]) => list.filter((_, at) => at % 2 === (half === 'seen' ? 0 : 1));
  const pools = { photos: mine(photos.pairs), replies: mine(photos.replies) };
  const question = await answerKinds[kind]!.ask({ n, seed, next, ...pools });
  const answers: Raster[] = [];
  const frame = frames[seed % frames.length]!;
  const wanted = await framesOf(question, frame);
  const engine = engineOf(frame, async ({ mask, key }) => {
    // A model that is asked a second time answers as before.
    const seen = { mask: mask!, next: random(seed) };
    const answer = question.spoil(wanted.get(budgetKey(key))!, seen);
    answers.push(answer);
    return encoded(answer, random(seed + 1));
  });
  const run = {
    kind,
    n,
    seed,
    half,
    scene: question.scene,
    verdict: answerKinds[kind]!.verdict,
    answers,
    question,
  };
  try {
    const { warnings } = (await editOf(question, question.photo, engine)).report;
    return { ...run, outcome: warnings.length > 0 ? 'warned' : 'silent', said: warnings };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return { ...run, outcome: 'held back', said: [error.code] };
  }
}

/** What the model would have been sent of the picture it has in mind: that picture in the same frames. */
async function framesOf(question: Question, frame: Frames): Promise<ReadonlyMap<string, Raster>> {
  const crops = new Map<string, Raster>();
  const engine = engineOf(frame, async ({ key, crop }) => {
    crops.set(key, crop);
    return encoded(crop, () => 0);
  });
  // What comes of it does not matter: the frames do.
  await editOf(question, question.wanted, engine).catch(() => undefined);
  return crops;
}

function engineOf(frame: Frames, answer: (request: InpaintRequest) => Promise<EncodedImage>): InpaintEngine {
  return {
    name: 'fake',
    frames: frame,
    inpaint: async (request) => ({
      outcomes: [{ kind: 'image', image: await answer(request) }],
      warnings: [],
      calls: 1,
    }),
  };
}

async function editOf({ mode, mask }: Question, picture: Raster, engine: InpaintEngine) {
  const image = await pipelineOf(picture).png({ compressionLevel: 1 }).toBuffer();
  const prompt = mode === 'insertion' ? 'a thing that stands in the picture' : undefined;
  const request = parseRequest({ mode, ...(prompt && { prompt }), polarity: 'white' });
  const edit = editor({ engine, limits, defaults });
  return edit({ image, mask: await maskPng(mask), request }, AbortSignal.timeout(120_000));
}

const isWrong = ({ verdict, outcome }: InsideRun): boolean =>
  verdict === 'bad' ? outcome === 'silent' : verdict === 'good' && outcome !== 'silent';

async function measure(halves: readonly Half[], folder: string | undefined): Promise<void> {
  const photos = await readPhotos();
  if (photos.pairs.length === 0) console.log('The photos are not here: scenes made by code only.\n');
  const isHere = ({ needsReplies }: AnswerKind) => !needsReplies || photos.replies.length > 0;
  const runs: InsideRun[] = [];
  for (const one of insideCases()) {
    if (!halves.includes(one.half) || !isHere(answerKinds[one.kind]!)) continue;
    const run = await runCase(one, photos);
    runs.push(run);
    if (!isWrong(run)) continue;
    console.error(
      `${run.outcome}: ${run.kind} ${run.n}, seed ${run.seed}, ${run.half}, ${run.scene}: ${run.said.join(' | ')}`,
    );
    if (folder === undefined) continue;
    const { photo, mask } = run.question;
    const pictures = [photo, mask, ...run.answers.slice(0, 1)];
    await writeSideBySide(folder, `${run.kind}-${run.n}-${run.outcome}`, pictures);
  }
  printInside(runs);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seeds: { type: 'string', default: 'all' }, save: { type: 'string' } },
  });
  const halves = { seen: ['seen'], unseen: ['unseen'], all: ['seen', 'unseen'] } as const satisfies Record<
    string,
    Half[]
  >;
  const wanted = halves[values.seeds as keyof typeof halves];
  if (wanted === undefined) throw new Error(`Expected --seeds seen, unseen or all, got ${values.seeds}`);
  await measure(wanted, values.save);
}
