import type { CloudEvent } from '@google-cloud/functions-framework';
import { functionTable } from '../../functions/register.ts';
import { type Config, readConfig } from '../../lib/config.ts';
import { EditError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { wire } from '../../lib/wiring.ts';
import { violate } from './audit.ts';
import { type Answered, type Asked, callFunction } from './http.ts';
import { after, here, type Instance, kill, machine } from './machine.ts';

type Environment = Readonly<Record<string, string>>;

/** The functions as one instance serves them. */
export interface Functions {
  readonly instance: Instance;
  readonly onUpload: (event: CloudEvent<unknown>) => Promise<void>;
  readonly call: (name: 'runJob' | 'sweep' | 'studio', asked: Asked) => Promise<Answered>;
}

/** The same environment comes again and again. */
const known = new Map<string, Config>();

function configOf(environment: Environment): Config {
  const key = JSON.stringify(environment);
  const config = known.get(key) ?? readConfig(environment, { buckets: true });
  known.set(key, config);
  return config;
}

type WithBuckets = Parameters<(typeof functionTable)['onUpload']['event']>[0];

/** Wires the functions of a new instance, as `functions/index.ts` does. */
export function startInstance(environment: Environment): Functions {
  const { instances, tell } = machine();
  const instance: Instance = {
    name: `i${instances.length + 1}`,
    state: 'up',
    timersFromMs: 0,
    shutdown: new AbortController(),
  };
  instances.push(instance);
  tell(`${instance.name} starts`);
  return here.run(instance, () => {
    const config = configOf(environment);
    const wiring = wire(config, auditedLog, { shutdown: instance.shutdown.signal }) as WithBuckets;
    const { log, tracing } = wiring;
    const settings = { deadlineMs: config.editDeadlineMs, log, tracing };
    const handlers = {
      runJob: functionTable.runJob.http(wiring, settings),
      sweep: functionTable.sweep.http(wiring, settings),
      studio: functionTable.studio.http(wiring, settings),
    };
    const onUpload = functionTable.onUpload.event(wiring);
    return {
      instance,
      onUpload: (event) => here.run(instance, async () => onUpload(event)),
      call: (name, asked) => here.run(instance, () => callFunction(handlers[name], asked)),
    };
  });
}

/** The time between SIGTERM and the end of the process. */
const graceMs = 10_000;

export function terminate(instance: Instance): void {
  machine().tell(`${instance.name} is told to end`);
  here.run(instance, () => instance.shutdown.abort());
  after(graceMs, () => {
    if (instance.state !== 'dead') kill(instance);
  });
}

/** A bug is a fault of the program, whatever the world did to it. */
const auditedLog: Log = {
  info() {},
  warn() {},
  error(message, fields = {}) {
    const { error } = fields as { readonly error?: unknown };
    if (error instanceof EditError && error.kind === 'bug')
      violate('S15', `${message} ${error.cause ?? error}`);
  },
};
