import { functionTable } from '../../../functions/register.ts';
import { settings } from '../../../lib/config.ts';
import { type Block, nested, ofType, type Resource, type Rule, textsOf } from './configuration.ts';

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

const functionType = 'google_cloudfunctions2_function';
const setBy = (body: Block): string[] => namesSet(nested(body, 'service_config')['environment_variables']);

export const environmentIsKnown: Rule = (resources) =>
  ofType(resources, functionType).flatMap(({ address, body }) => {
    const set = setBy(body);
    const wanted = environmentWanted(String(nested(body, 'build_config')['entry_point']));
    return [
      ...set
        .filter((name) => !Object.hasOwn(settings, name) && !ofFramework.includes(name))
        .map((name) => `${address}: expected a variable of lib/config.ts, got ${name}`),
      ...wanted.filter((name) => !set.includes(name)).map((name) => `${address}: expected ${name}, got none`),
    ];
  });

/** Set by the platform. */
const ofCloudRun = ['K_SERVICE', 'K_REVISION'];

/** Every variable that nobody sets for people. */
export function settingsLeftFree(resources: readonly Resource[]): string[] {
  const taken = [...ofCloudRun, ...ofType(resources, functionType).flatMap(({ body }) => setBy(body))];
  return Object.keys(settings).filter((name) => !taken.includes(name));
}

/** People may set every variable that is not set for them, and a typing error is refused. */
export const settingsAreFree: Rule = (resources, { root }) => {
  const free = textsOf(root.local['free_settings']);
  const wanted = settingsLeftFree(resources);
  return [
    ...wanted.filter((name) => !free.includes(name)).map((name) => `local.free_settings: expected ${name}`),
    ...free.filter((name) => !wanted.includes(name)).map((name) => `local.free_settings: unexpected ${name}`),
  ];
};
