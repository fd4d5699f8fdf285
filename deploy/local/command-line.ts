import { parseArgs } from 'node:util';
import { EditError } from '../../lib/errors.ts';

export const usage = `Usage: npm start -- [options]

Runs everything on this machine: drop photo.jpg and photo.mask.png into .local/input/, find the result in
.local/output/. Nothing is sent anywhere unless MODEL_BASE_URL names a service.

  --engine NAME   patchmatch (default, no model), gemini, imagen, imagen2, endpoint or http; the APIs of models
                  are emulated, which costs nothing; or onnx, with ONNX_MODEL
  --model ID      model of the engine; default: the engine's default
  --queue         jobs go through a queue, as in large deployments
  --help

PORT is where the functions listen (default 8080; 0 takes a free one); the storage takes the next one.
LOG_LEVEL=debug prints every log line with its fields. docs/configuration.md lists all settings.`;

export interface CommandLine {
  readonly isHelp: boolean;
  readonly hasQueue: boolean;
  readonly port: number;
  /** The settings of the environment, and those that options set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const defaultPort = 8080;
/** The storage listens on the next one. */
const maxPort = 65_534;

/** @throws {EditError} `CONFIG_INVALID` for an option or port that cannot be. */
export function readCommandLine(args: string[], environment: CommandLine['environment']): CommandLine {
  const { queue, help, engine, model } = optionsIn(args);
  if (model !== undefined && (engine ?? (environment['ENGINE'] || 'patchmatch')) === 'patchmatch') {
    throw invalid(`Expected --engine beside --model ${model}: patchmatch has no models`);
  }
  return {
    isHelp: help,
    hasQueue: queue,
    port: portIn(environment['PORT'] || String(defaultPort)),
    environment: {
      ...environment,
      ...(engine === undefined ? {} : { ENGINE: engine }),
      ...(model === undefined ? {} : { MODEL: model }),
    },
  };
}

function optionsIn(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        queue: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        engine: { type: 'string' },
        model: { type: 'string' },
      },
    }).values;
  } catch (error) {
    const [sentence] = String((error as Error).message).split('. ');
    throw invalid(`${sentence}\n\n${usage}`);
  }
}

function portIn(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= maxPort) return port;
  throw invalid(`Expected PORT to be a whole number from 0 to ${maxPort}, got ${text.slice(0, 40)}`);
}

const invalid = (message: string) => new EditError('CONFIG_INVALID', message);
