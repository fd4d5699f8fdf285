import { dryRun } from './trial-deployment.ts';

/** `docs/trial.md`: the commands that `deploy.sh` runs. */
export const trialDocument = (): string => `# What a trial deployment runs

This is the output of \`deploy/deploy.sh my-project europe-west4 --dry-run\`; \`npm run docs\` writes it. With
\`--engine gemini\` the API of the model and the right to call it are added. A real run makes the same changes. It
also waits where Google Cloud needs a moment, and stops when a bucket is in another region.

\`\`\`sh
${dryRun().trim()}
\`\`\`

## What \`--destroy\` runs

A real run asks before it deletes anything.

\`\`\`sh
${dryRun('--destroy').trim()}
\`\`\`
`;
