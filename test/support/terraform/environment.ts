import { functionTable } from '../../../functions/register.ts';
import { settings } from '../../../lib/config.ts';
import { nested, ofType, type Rule, textsOf } from './configuration.ts';

/** Names that an expression of maps sets: `merge(..., { NAME = ... })`. */
const namesSet = (expression: unknown): string[] => [
  ...new Set(
    [...String(expression).matchAll(/\b([A-Z][A-Z0-9_]+)\s*=(?!=)/g)].map(([, name]) => String(name)),
  ),
];

/** Variables of the framework, not of the configuration. */
const ofFramework = ['NODE_ENV'];
const ofBuckets = ['INPUT_BUCKET', 'OUTPUT_BUCKET', 'CONTROL_BUCKET'];
const ofQueue = ['TASKS_QUEUE', 'RUN_JOB_URL', 'TASKS_SERVICE_ACCOUNT'];

function environmentWanted(entryPoint: string): string[] {
  const row = functionTable[entryPoint as keyof typeof functionTable];
  return [
    ...['NODE_ENV', 'GOOGLE_CLOUD_PROJECT', 'ENGINE', 'MODEL', 'EDIT_DEADLINE_MS'],
    ...(row?.needsBuckets ? [...ofBuckets, 'DAILY_COST_CAP_USD'] : []),
    ...(entryPoint === 'onUpload' || entryPoint === 'sweep' ? ofQueue : []),
  ];
}

export const environmentIsKnown: Rule = (resources, { root }) =>
  ofType(resources, 'google_cloudfunctions2_function').flatMap(({ address, body }) => {
    const set = namesSet(nested(body, 'service_config')['environment_variables']);
    const wanted = environmentWanted(String(nested(body, 'build_config')['entry_point']));
    const own = textsOf(root.local['own_settings']);
    return [
      ...set
        .filter((name) => !Object.hasOwn(settings, name) && !ofFramework.includes(name))
        .map((name) => `${address}: expected a variable of lib/config.ts, got ${name}`),
      ...wanted.filter((name) => !set.includes(name)).map((name) => `${address}: expected ${name}, got none`),
      ...set
        .filter((name) => !own.includes(name))
        .map((name) => `local.own_settings: expected ${name}, which ${address} sets`),
    ];
  });
