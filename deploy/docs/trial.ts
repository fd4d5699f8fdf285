import { dryRun } from './trial-deployment.ts';

/** `docs/trial.md`: what `deploy.sh` makes and leaves out, and its commands. */
export const trialDocument = (): string => `# A trial deployment

It needs [gcloud](https://cloud.google.com/sdk/docs/install) with the login of an owner, a project with billing, and bash. Ids of
projects are in lower case.

\`\`\`sh
gcloud auth login && gcloud auth application-default login # the second one is for the preflight
npm ci                                                     # for the check of settings; the script runs without
npm run preflight -- my-project europe-west4               # is the project ready?
deploy/deploy.sh my-project europe-west4 --dry-run         # prints the commands below and runs none
deploy/deploy.sh my-project europe-west4                   # 15 minutes or so; then it prints what to try
npm run preflight -- my-project europe-west4 --name inpaint-trial
\`\`\`

It makes three buckets, the functions \`onUpload\`, \`edit\` and \`sweep\` with an identity each, a trigger and a clock. Without calls
of a model it costs next to nothing while nobody uses it. \`--help\` names all options; running it again changes or repairs.

What [Terraform](../deploy/terraform/README.md) has and a trial has not:

| | a trial |
|---|---|
| queues | jobs run where their event arrives; an event is repeated for 24 hours, then the sweep finds its pair |
| alerts, dashboard, budget | none: look at the log |
| \`mask\`, \`generate\`, \`upscale\`, \`studio\` | not deployed |
| \`results_topic\`, \`delivery\`, \`tier\` | none: [results.md](results.md) says what else tells of results |
| a key of your own, labels, other settings of [configuration.md](configuration.md) | none |
| the engines \`http\` and \`onnx\` | none |

## What it runs

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
