import { commandLine } from '../support/command.ts';
import { soak } from '../support/soak.ts';

/** `npm run soak -- --jobs 2000 --workers 6`: kills worker processes at random and prints the tally. */
const { values } = commandLine('npm run soak -- [--jobs N] [--workers N] [--seed N] [--kills PERCENT]', {
  options: {
    jobs: { type: 'string', default: '200' },
    workers: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '5' },
  },
});
const tally = await soak({
  jobs: Number(values.jobs),
  workers: Number(values.workers),
  seed: Number(values.seed),
  killPercent: Number(values.kills),
});
console.log(JSON.stringify(tally, null, 2));
if (tally.faults.length > 0) process.exitCode = 1;
