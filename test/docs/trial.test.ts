import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { script } from '../support/deploy-script.ts';
import { shellBlocks } from '../support/gcloud-commands.ts';

const path = new URL('../../docs/trial.md', import.meta.url);
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const dryRun = (...options: string[]) =>
  execFileSync(script, ['my-project', 'europe-west4', '--dry-run', ...options], { encoding: 'utf8' });

const document = () => `# What a trial deployment runs

\`deploy/deploy.sh my-project europe-west4 --dry-run\`, written by a test (\`UPDATE_DOCS=1 npm test\`). With \`--engine gemini\`, API and
right of the model come in addition. A real run makes the same changes; it also waits where Google Cloud asks for a moment, and stops where a
bucket is in another region.

\`\`\`sh
${dryRun().trim()}
\`\`\`

## What \`--destroy\` runs

Each question is asked before anything is deleted by its answer.

\`\`\`sh
${dryRun('--destroy').trim()}
\`\`\`
`;

test('docs/trial.md is what deploy.sh prints', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, document());
  expect(readFileSync(path, 'utf8')).toBe(document());
});

test('what the README shows of a dry run is in it', () => {
  const shown = shellBlocks(readme).filter((block) => block.includes('inpaint-trial'));
  expect(shown).toHaveLength(1);
  for (const block of shown) expect(dryRun()).toContain(block);
});
