import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startFaultyModel } from '../support/faulty-model.ts';
import { type FunctionProcess, startFunction } from '../support/framework-process.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { awkwardTexts, mutatedJson, secret } from './awkward.ts';
import { type Draw, drawFrom } from './draw.ts';
import { Finding, ourFaults, type Room } from './finding.ts';
import { mutatedFile } from './mutate-files.ts';

interface Served extends AsyncDisposable {
  readonly functions: Readonly<Record<string, FunctionProcess>>;
}

/** Functions as they are deployed, each in its own process. */
export async function serveFunctions(
  targets: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const started = await Promise.all(
    targets.map((target) => {
      const signature = target === 'onUpload' ? ('cloudevent' as const) : ('http' as const);
      return startFunction({ target, signature, environment });
    }),
  );
  return {
    functions: Object.fromEntries(started.map((one) => [one.target, one])),
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const deadlineMs = 60_000;

/** Posts, and holds the answer and what is logged to the rules. @returns the status and the code. */
export async function post(served: FunctionProcess, { headers, body }: Sent, path = ''): Promise<string> {
  const response = await fetch(`${served.url}/${path}`, {
    method: 'POST',
    headers,
    body: body as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(deadlineMs),
  }).catch((error: Error) => {
    throw new Finding(`${served.target}: no answer, ${String(error.cause ?? error)}`);
  });
  const text = await response.text();
  const code = codeIn(text);
  const answered = `${served.target}: ${response.status} ${text.slice(0, 200).replaceAll(/\s+/g, ' ')}`;
  if (response.status >= 500) throw new Finding(`${answered}; ${await saidNow(served)}`);
  // Nobody reads the answer to an event.
  if (response.status >= 400 && code === undefined && served.target !== 'onUpload')
    throw new Finding(`answers without a code, ${answered}`);
  assertDiscreet(served);
  return `${response.status}${code === undefined ? '' : ` ${code}`}`;
}

/** Lines come by a pipe: some time after the answer. */
async function saidNow({ lines }: FunctionProcess): Promise<string> {
  await wait(200);
  return lines().slice(-3).join(' ').slice(-600);
}

function codeIn(text: string): string | undefined {
  try {
    const json = JSON.parse(text) as { code?: string; error?: { code?: string } };
    return json.error?.code ?? json.code;
  } catch {
    return undefined;
  }
}

/** Lines that were looked at already: what comes late is found with the next answer. */
const looked = new WeakMap<FunctionProcess, number>();

/** What was logged since: no fault of ours, no stack, nothing of what was sent. */
function assertDiscreet(served: FunctionProcess): void {
  const { target } = served;
  const lines = served.lines();
  const before = looked.get(served) ?? 0;
  looked.set(served, lines.length);
  for (const line of lines.slice(before)) {
    const text = line.slice(0, 400);
    if (line.includes(secret)) throw new Finding(`${target}: writes what was sent: ${text}`);
    if (ourFaults.test(line) || /^\s+at /.test(line)) throw new Finding(`${target}: writes ${text}`);
    if (line.length > 20_000) throw new Finding(`${target}: writes a line of ${line.length} characters`);
  }
}

const size = { width: 48, height: 40 };
const goodFiles = async () => ({
  image: await pipelineOf(wavePicture(size)).png().toBuffer(),
  mask: await maskPng(boxMask(size, { left: 12, top: 12, width: 9, height: 8 })),
});
const goodFields = {
  seed: '7',
  featherPx: '2',
  mode: 'removal',
  outputFormat: 'same',
  negativePrompt: secret,
};

/** Forms that are a little wrong, sent to `edit`. */
export const formRoom = async (): Promise<Room> => {
  const served = await serveFunctions(['edit']);
  const edit = served.functions['edit']!;
  const files = await goodFiles();
  return {
    async attempt(seed) {
      const draw = drawFrom(seed);
      const boundary = 'EDGE';
      const whole = formBody(files, seed, draw, boundary);
      const type = draw.chance(0.85)
        ? `multipart/form-data; boundary=${boundary}`
        : draw.oneOf(strangeTypes(boundary));
      if (draw.chance(0.1)) return [`form: ${await cutUpload(edit, { type, whole, draw })}`];
      const body = draw.chance(0.35) ? mutatedFile(whole, seed, draw) : whole;
      const headers = {
        'content-type': type,
        ...draw.oneOf([
          {},
          {},
          { accept: 'application/json' },
          { accept: 'image/*' },
          { 'content-encoding': draw.oneOf(['gzip', 'deflate', 'br', 'x']) },
        ]),
      };
      const query = draw.chance(0.1)
        ? `?${encodeURIComponent(draw.oneOf(awkwardTexts).toWellFormed())}=1`
        : '';
      return [`form: ${await post(edit, { headers, body }, query)}`];
    },
    [Symbol.asyncDispose]: served[Symbol.asyncDispose],
  };
};

const strangeTypes = (boundary: string): readonly string[] => [
  `Multipart/Form-Data; Boundary=${boundary}`,
  `multipart/form-data;boundary="${boundary}"`,
  `multipart/form-data; charset=utf-8; boundary=${boundary}`,
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'x'.repeat(300)}`,
  'multipart/mixed; boundary=EDGE',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/json; charset=utf-99',
];

/** Parts in any order, some twice, some with strange names, headers or ends. */
function formBody(
  files: { image: Buffer; mask: Buffer },
  seed: number,
  draw: Draw,
  boundary: string,
): Buffer {
  const file = (name: keyof typeof files) =>
    draw.chance(0.2) ? mutatedFile(files[name], seed, draw) : files[name];
  const parts: (readonly [name: string, value: Uint8Array | string])[] = [
    ['image', file('image')],
    ['mask', file('mask')],
    ...Object.entries(goodFields).filter(() => draw.chance(0.4)),
  ];
  for (let rounds = draw.below(3); rounds > 0; rounds--) {
    const at = draw.below(parts.length);
    const strange = [
      draw.oneOf([...awkwardTexts, ...Object.keys(goodFields)]),
      draw.oneOf(awkwardTexts),
    ] as const;
    if (draw.chance(0.6)) parts.splice(at, 0, strange);
    else if (draw.chance(0.5)) parts.splice(at, 0, draw.oneOf(parts));
    else parts.splice(at, 1);
  }
  const quoted = (name: string) => (draw.chance(0.9) ? name.replaceAll(/["\r\n]/g, '_') : name);
  const encodedParts = parts.map(([name, value]) => {
    const isFile = typeof value !== 'string';
    const fileName = isFile ? `; filename="${quoted(draw.oneOf(['f.png', ...awkwardTexts]))}"` : '';
    const type =
      isFile || draw.chance(0.05)
        ? `\r\ncontent-type: ${draw.oneOf(['image/png', 'text/html', '', 'x'])}`
        : '';
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${fileName}${type}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(value as string), Buffer.from('\r\n')]);
  });
  const end = draw.chance(0.9)
    ? `--${boundary}--\r\n`
    : draw.oneOf(['', `--${boundary}`, `--${boundary}\r\n\r\n`]);
  return Buffer.concat([...encodedParts, Buffer.from(end)]);
}

/** An upload whose connection ends before its body does. */
async function cutUpload(
  served: FunctionProcess,
  { type, whole, draw }: { readonly type: string; readonly whole: Buffer; readonly draw: Draw },
): Promise<string> {
  const { port } = new URL(served.url);
  const head = `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: ${whole.length}\r\n\r\n`;
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.setTimeout(deadlineMs, () => socket.destroy());
  const isRude = draw.chance(0.5);
  const sent = Buffer.concat([Buffer.from(head), whole.subarray(0, draw.below(whole.length))]);
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.write(sent, () => (isRude ? socket.resetAndDestroy() : socket.end()));
  await new Promise((done) => socket.once('close', done));
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed';
  if (Number(status) >= 500) throw new Finding(`${served.target}: a cut upload is ${status}`);
  assertDiscreet(served);
  return `cut, ${status}`;
}

/** JSON that is a little wrong, sent to `generate` and `upscale`. */
export const jsonRoom = async (): Promise<Room> => {
  const model = await startFaultyModel({ scale: 1 / 16 });
  const served = await serveFunctions(['generate', 'upscale'], {
    ENGINE: 'imagen',
    MODEL_BASE_URL: model.url,
  });
  const image = (await goodFiles()).image.toString('base64');
  const good = {
    generate: { prompt: secret, samples: 1, seed: 3 },
    upscale: { image, factor: 'x2', prompt: secret },
  } as const;
  return {
    async attempt(seed) {
      const draw = drawFrom(seed);
      const target = draw.oneOf(['generate', 'upscale'] as const);
      const body = Buffer.from(mutatedJson(good[target], draw));
      const type = draw.chance(0.8)
        ? 'application/json'
        : draw.oneOf([
            'application/json; charset=utf-16',
            'text/json',
            'application/x-www-form-urlencoded',
            'text/plain',
            'application/octet-stream',
            'application/problem+json',
            '',
          ]);
      const headers = { 'content-type': type, ...(draw.chance(0.1) && { 'content-encoding': 'gzip' }) };
      return [`${target}: ${await post(served.functions[target]!, { headers, body })}`];
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await model.close();
    },
  };
};
