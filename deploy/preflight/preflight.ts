import { deploymentChecks } from './deployment.ts';
import type { Fault } from './google.ts';
import type { Check, Place } from './place.ts';
import { projectChecks } from './project.ts';
import { costUsd, tryOuts } from './try-out.ts';

interface PreflightOptions {
  readonly print: (line: string) => void;
  /** Whether calls of the model may be made, which cost about so much. */
  readonly mayTry: (question: string) => Promise<boolean>;
}

/**
 * Looks whether a project is ready and a deployment works. What costs comes last, after a question, and only
 * where everything before it was right.
 *
 * @returns how many faults were found.
 */
export async function preflight(place: Place, { print, mayTry }: PreflightOptions): Promise<number> {
  const looked = await run(projectChecks, place, print);
  if (!place.isDeployed) {
    print(`--   ${place.name} is not deployed in ${place.region} yet: deploy it, then run this again`);
    return looked;
  }
  const faults = looked + (await run(deploymentChecks, place, print));
  if (faults > 0) {
    print('--   nothing was tried out: mend this first');
    return faults;
  }
  const usd = await costUsd(place);
  const cost = usd === undefined ? 'an unknown price' : `about ${usd.toFixed(2)} USD`;
  const question = `Call the model twice (${cost}), and drop a small pair into preflight/ of the input bucket?`;
  if (!(await mayTry(question))) {
    print('--   nothing was tried out');
    return 0;
  }
  return run(tryOuts, place, print);
}

async function run(checks: readonly Check[], place: Place, print: (line: string) => void): Promise<number> {
  let count = 0;
  for (const { title, faults } of checks) {
    const found = await faults(place);
    if (found.length === 0) print(`ok   ${title}`);
    for (const fault of found) print(lineOf(title, fault));
    count += found.length;
  }
  return count;
}

export const lineOf = (title: string, { message, mend }: Fault): string =>
  `FAIL ${title}: ${message}\n     ${mend}`;
