import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../lib/config.ts';
import { asEditError } from '../lib/errors.ts';
import { jsonLog } from '../lib/log.ts';
import { checkConfig } from '../lib/wiring/check-config.ts';
import { makeTracing } from '../lib/wiring/tracing.ts';
import { wire } from '../lib/wiring.ts';
import { replaceDomains } from './domains.ts';
import { guardServers } from './gate.ts';
import { functionTable, gateFor, isFunctionName, registerFunctions } from './register.ts';
import { orderlyShutdown } from './shutdown.ts';

// The framework loads this module. No other module does anything when it is imported.
const target = targetOf(process.argv.slice(2), process.env['FUNCTION_TARGET']);
const config = await validConfig(process.env, {
  buckets: isFunctionName(target) && functionTable[target].needsBuckets,
});
const tracing = makeTracing(config, () => log);
const log = jsonLog({ ...config, level: config.logLevel, currentSpan: tracing.current });
replaceDomains();
if (isFunctionName(target)) guardServers({ log, ...gateFor(target, config) });
const { signal, track } = orderlyShutdown();
const background = (work: Promise<void>) => void track(work);
registerFunctions(wire(config, log, { shutdown: signal, tracing, background }), track);

/** The framework prints only a stack, in which no alert finds a code. */
async function validConfig(...read: Parameters<typeof readConfig>): Promise<Config> {
  try {
    const config = readConfig(...read);
    await checkConfig(config);
    return config;
  } catch (thrown) {
    const { code, message } = asEditError(thrown);
    jsonLog({ level: 'error' }).error(`Does not start: ${message}`, { code });
    throw thrown;
  }
}

/** The function this process serves: the framework's flag, or its variable. */
function targetOf(args: string[], variable: string | undefined): string | undefined {
  const { values } = parseArgs({
    args,
    options: { target: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  return typeof values.target === 'string' ? values.target : variable;
}
