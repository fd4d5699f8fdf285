import { settings } from '../../lib/config.ts';
import { defaultModels, knownModels } from '../../lib/engines/known-models.ts';
import { readTerraform, terraformDeployment } from './terraform-deployment.ts';

/** `deploy/terraform/settings.tf`: the settings that people may set, and the models that have a price. */
export async function terraformSettings(): Promise<string> {
  const { functions } = terraformDeployment(await readTerraform());
  const taken = [
    'K_SERVICE',
    'K_REVISION',
    ...functions.flatMap(({ environment }) => Object.keys(environment)),
  ];
  const priced = Object.entries(knownModels).filter(
    ([, { usdPerImage = {} }]) => Object.keys(usdPerImage)[0],
  );
  return `# Written by \`npm run docs\` from lib/config.ts and lib/engines/known-models.ts.
locals {
  # What \`settings\` may hold: the variables of docs/configuration.md that neither Terraform nor Cloud Run sets.
  free_settings = [
${linesOf(Object.keys(settings).filter((name) => !taken.includes(name)))}  ]

  # Models of engines that are named alone.
  default_models = {
${entriesOf(defaultModels)}  }

  # Models with a price in lib/engines/known-models.ts.
  priced_models = [
${linesOf(priced.map(([name]) => name))}  ]
}
`;
}

function entriesOf(table: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(table).map(({ length }) => length));
  return Object.entries(table)
    .map(([name, value]) => `    ${name.padEnd(width)} = "${value}"\n`)
    .join('');
}

const linesOf = (names: readonly string[]): string => names.map((name) => `    "${name}",\n`).join('');
