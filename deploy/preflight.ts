/** `npm run preflight -- PROJECT REGION`: is this project ready, and does the deployment in it work? */
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { applicationDefaultCredentials } from '../lib/engines/vertex/credentials.ts';
import { asEditError } from '../lib/errors.ts';
import { google } from './preflight/google.ts';
import { openPlace } from './preflight/open.ts';
import { lineOf, preflight } from './preflight/preflight.ts';

const usage = `npm run preflight -- PROJECT REGION [--name NAME] [--yes]

Looks at billing, APIs, quota, settings and the model; where something is deployed, at functions, buckets, the way of
an event and rights. Then, after a question, it makes one call of the model, runs one sweep and drops one pair.
It needs an owner's login: gcloud auth application-default login

  --name NAME   first part of the names: inpaint (default) of Terraform, inpaint-trial of deploy/deploy.sh
  --yes         do not ask before the model is called

Before anything is deployed, ENGINE, MODEL, LOCATION and the others of docs/configuration.md say what would be.
Exit status: 1 when something is wrong, 2 for a wrong command line.`;

const usageStatus = 2;

function commandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'inpaint' },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [project, region, ...more] = positionals;
  if (!values.help && (project === undefined || region === undefined || more.length > 0)) {
    throw new TypeError(`Expected PROJECT REGION, got ${positionals.length} words`);
  }
  return { ...values, project: project ?? '', region: region ?? '' };
}

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(`${question} Type "yes" to go on: `);
  lines.close();
  return answer === 'yes';
}

async function main({ project, region, name, yes }: ReturnType<typeof commandLine>): Promise<number> {
  const authorize = applicationDefaultCredentials();
  const address = { project, region, name, google: google({ project, authorize, fetch }), wait };
  const place = await openPlace(address, process.env);
  if ('mend' in place) {
    console.log(lineOf('project', place));
    return 1;
  }
  return preflight(place, { print: console.log, mayTry: yes ? async () => true : ask });
}

try {
  const line = commandLine();
  if (line.help) console.log(usage);
  else process.exitCode = (await main(line)) === 0 ? 0 : 1;
} catch (thrown) {
  const { code, message, remedy } = asEditError(thrown);
  const isUsage = thrown instanceof TypeError;
  const mend = code === 'MODEL_PERMISSION' ? 'gcloud auth application-default login' : remedy;
  console.error(isUsage ? `${message}\n\n${usage}` : `${code}: ${message}\n     ${mend}`);
  process.exitCode = isUsage ? usageStatus : 1;
}
