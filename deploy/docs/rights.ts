import type { Deployment, Grant } from './deployment.ts';
import { markdownTable } from './markdown.ts';
import { readTerraform, terraformDeployment } from './terraform-deployment.ts';
import { dryRun, trialDeployment } from './trial-deployment.ts';

const rowOf = ({ identity, role, on }: Grant): string =>
  [`\`${identity}\``, `\`${role}\``, on.replace(/^(function|identity) (.+)$/, '`$2`')].join(' | ');

/** Who has which role on what, in both ways of deploying. */
export async function rightsTable(): Promise<string> {
  const rows = ({ grants }: Deployment) => new Set(grants.map(rowOf));
  const terraform = rows(terraformDeployment(await readTerraform()));
  const trial = rows(trialDeployment(dryRun('--engine', 'gemini')));
  const mark = (has: boolean) => (has ? 'yes' : '');
  return markdownTable(
    ['identity', 'role', 'on', 'Terraform', 'trial'],
    [...new Set([...terraform, ...trial])]
      .sort()
      .map((row) => [row, mark(terraform.has(row)), mark(trial.has(row))]),
  );
}
