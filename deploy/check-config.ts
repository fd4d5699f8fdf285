/**
 * Checks the environment of a function before it is deployed, as the function does when it starts:
 * `node deploy/check-config.ts onUpload`. Exit status 2 and a sentence where it would not start.
 */
import { functionTable, isFunctionName } from '../functions/register.ts';
import { readConfig } from '../lib/config.ts';
import { asEditError } from '../lib/errors.ts';
import { checkConfig } from '../lib/wiring/check-config.ts';

const [target] = process.argv.slice(2);
try {
  await checkConfig(
    readConfig(process.env, { buckets: isFunctionName(target) && functionTable[target].needsBuckets }),
  );
} catch (thrown) {
  const { code, message, remedy } = asEditError(thrown);
  process.stderr.write(`${code}: ${message}\n  ${remedy}\n`);
  process.exitCode = 2;
}
