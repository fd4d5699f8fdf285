import { z } from 'zod';
import { capabilitiesOf, parseEngineName } from '../../lib/engines/engines.ts';
import { modelEntry } from '../../lib/engines/models.ts';
import { modelHost } from '../../lib/engines/vertex/url.ts';
import { asEditError } from '../../lib/errors.ts';
import { checkConfig } from '../../lib/wiring/check-config.ts';
import { makeEngine } from '../../lib/wiring/engines.ts';
import { type Fault, read, refused } from './google.ts';
import { type Check, isTrial, type Place } from './place.ts';

/** APIs that both ways of deploying use, and those of Terraform alone. */
const sharedApis = [
  'artifactregistry',
  'cloudbuild',
  'cloudfunctions',
  'cloudscheduler',
  'iam',
  'logging',
  'pubsub',
  'run',
  'storage',
];
const terraformApis = ['aiplatform', 'cloudresourcemanager', 'cloudtasks', 'monitoring', 'secretmanager'];

export const apisOf = (place: Pick<Place, 'name'>): string[] =>
  [...sharedApis, ...(isTrial(place) ? ['eventarc'] : terraformApis)]
    .map((api) => `${api}.googleapis.com`)
    .sort();

const servicesSchema = z.object({
  services: z.array(z.object({ state: z.string(), config: z.object({ name: z.string() }) })),
});

/** Ten workers of 2 vCPU and 4 GiB: the default of both deployments. */
const neededQuotas = [
  { id: 'CpuAllocPerProjectRegion', title: 'milli vCPU', least: 20_000 },
  { id: 'MemAllocPerProjectRegion', title: 'bytes of memory', least: 40 * 1024 ** 3 },
] as const;

const quotaSchema = z.object({
  dimensionsInfos: z
    .array(
      z.object({
        dimensions: z.record(z.string(), z.string()).optional(),
        applicableLocations: z.array(z.string()).optional(),
        details: z.object({ value: z.coerce.number() }),
      }),
    )
    .default([]),
});

/** What must be right before anything is deployed. */
export const projectChecks: readonly Check[] = [
  { title: 'billing', faults: billing },
  { title: 'APIs', faults: apis },
  { title: 'quota of Cloud Run', faults: quota },
  { title: 'settings', faults: settings },
  { title: 'model', faults: model },
];

async function billing({ project, google }: Place): Promise<Fault[]> {
  const reply = await google(`https://cloudbilling.googleapis.com/v1/projects/${project}/billingInfo`);
  const mend = `gcloud billing projects link ${project} --billing-account=ACCOUNT`;
  const info = read(reply, z.object({ billingEnabled: z.boolean().default(false) }));
  if (info === undefined) return [refused(reply, 'to see whether the project is billed', mend)];
  return info.billingEnabled
    ? []
    : [{ message: `Expected ${project} to have a billing account, got none`, mend }];
}

async function apis(place: Place): Promise<Fault[]> {
  const { project, google } = place;
  const wanted = apisOf(place);
  const names = wanted.map((api) => `names=projects/${project}/services/${api}`).join('&');
  const reply = await google(
    `https://serviceusage.googleapis.com/v1/projects/${project}/services:batchGet?${names}`,
  );
  const found = read(reply, servicesSchema);
  if (found === undefined) {
    return [
      refused(
        reply,
        'the list of APIs',
        `gcloud services enable serviceusage.googleapis.com --project=${project}`,
      ),
    ];
  }
  const enabled = found.services.filter(({ state }) => state === 'ENABLED').map(({ config }) => config.name);
  const off = wanted.filter((api) => !enabled.includes(api));
  if (off.length === 0) return [];
  const message = `Expected all APIs to be enabled, got these disabled: ${off.join(', ')}`;
  return [{ message, mend: `gcloud services enable ${off.join(' ')} --project=${project}` }];
}

async function quota({ project, region, google }: Place): Promise<Fault[]> {
  const base = `https://cloudquotas.googleapis.com/v1/projects/${project}/locations/global/services/run.googleapis.com`;
  const faults: Fault[] = [];
  for (const { id, title, least } of neededQuotas) {
    const reply = await google(`${base}/quotaInfos/${id}`);
    const infos = read(reply, quotaSchema)?.dimensionsInfos;
    const mend = `https://console.cloud.google.com/iam-admin/quotas?project=${project}: ask for more, or lower max_workers and both at_once`;
    if (infos === undefined) {
      faults.push(
        refused(
          reply,
          `the quota ${id}`,
          `gcloud services enable cloudquotas.googleapis.com --project=${project}`,
        ),
      );
      continue;
    }
    const here =
      infos.find((info) => info.dimensions?.['region'] === region) ??
      infos.find((info) => info.applicableLocations?.includes(region)) ??
      infos.find((info) => info.dimensions?.['region'] === undefined);
    // -1: without a limit. A region that nobody lists has the default, which no one tells.
    if (here === undefined || here.details.value < 0 || here.details.value >= least) continue;
    faults.push({
      message: `Expected ${least} ${title} in ${region} for ten workers, got ${here.details.value}`,
      mend,
    });
  }
  return faults;
}

async function settings({ config }: Place): Promise<Fault[]> {
  try {
    await checkConfig(config);
    return [];
  } catch (thrown) {
    const { message, remedy } = asEditError(thrown);
    return [{ message, mend: remedy }];
  }
}

/** True where the engine asks a model of Vertex AI. */
export const asksVertex = ({ config: { engine } }: Pick<Place, 'config'>): boolean =>
  capabilitiesOf(engine).maxCallsPerSample > 0 && engine !== 'http';

async function model(place: Place): Promise<Fault[]> {
  const { config, project, google } = place;
  if (!asksVertex(place) || config.modelBaseUrl?.startsWith('https:')) return [];
  const name = (await makeEngine(config, config, {})).name;
  const { model: id = '' } = parseEngineName(name);
  const location = config.location ?? modelEntry(id, config.models)?.location ?? 'us-central1';
  const path =
    config.engine === 'endpoint'
      ? `projects/${project}/locations/${location}/endpoints/${config.endpointId}`
      : `publishers/google/models/${id}`;
  const reply = await google(`${modelHost(location).origin}/v1/${path}`);
  if (reply.status === 200) return [];
  const mend =
    reply.status === 404
      ? `Choose a model that is served in ${location}, or another LOCATION: docs/operate.md lists both`
      : `gcloud services enable aiplatform.googleapis.com --project=${project}`;
  return [refused(reply, `${name} to be served in ${location}`, mend)];
}
