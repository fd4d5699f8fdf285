import { commandLine } from '../support/command.ts';
import { registerStandIns } from './hooks.ts';

const usage = `npm run simulate -- [--seeds 1000] [--from 1] [--trace] [--hashes] [--bug NAME]

Lives worlds through, one for each seed. --from 7 --seeds 1 --trace tells one of them line by line, --hashes
prints what each comes to, and --bug puts a mistake into the source first.`;

const { values } = commandLine(usage, {
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    bug: { type: 'string' },
  },
});
const { bugs } = await import('./bugs.ts');
const bug = bugs.find(({ name }) => name === values.bug);
if (values.bug !== undefined && bug === undefined)
  throw new Error(`Expected the name of a bug, got ${values.bug}`);
registerStandIns(bug);
const { replaceTimeAndChance } = await import('./time.ts');
const { simulatedFetch } = await import('./services.ts');
const { simulate } = await import('./run.ts');
const { violate } = await import('./audit.ts');
replaceTimeAndChance();
// In a function it would end the whole instance.
process.on('unhandledRejection', (error) => violate('S15', `nobody waits for a failure: ${error}`));
globalThis.fetch = simulatedFetch;

// Modules are loaded with their first use, which takes real time: a few worlds load them all.
const warmUp = 30;
for (let seed = 0; seed < warmUp; seed++) await simulate(-1 - seed);

const from = Number(values.from);
let steps = 0;
const ends: Record<string, number> = {};
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const outcome = await simulate(seed);
  steps += outcome.steps;
  for (const [code, count] of outcome.ends) ends[code] = (ends[code] ?? 0) + count;
  if (values.hashes) console.log(`${seed} ${outcome.hash}`);
  if (values.trace) console.log(outcome.lines.join('\n'));
  if (outcome.violations.length === 0) continue;
  if (!values.trace) console.log(outcome.lines.slice(-60).join('\n'));
  const [first] = outcome.violations;
  console.log(JSON.stringify({ seed, ...first }));
  process.exitCode = 1;
  break;
}
const cpuS = Math.round(process.cpuUsage().user / 1e5) / 10;
console.log(JSON.stringify({ seeds: Number(values.seeds), steps, cpuS, ends }));
