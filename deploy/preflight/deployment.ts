import { z } from 'zod';
import { eventFaults } from './events.ts';
import { type Fault, read, refused } from './google.ts';
import { bucketOf, type Check, deployAgain, functionUrl, isTrial, type Place } from './place.ts';
import { rights } from './rights.ts';

/** What a deployment must have; nothing is changed. */
export const deploymentChecks: readonly Check[] = [
  { title: 'functions', faults: functions },
  { title: 'buckets', faults: buckets },
  { title: 'way of an event', faults: eventFaults },
  { title: 'rights and agents', faults: rights },
];

const functionSchema = z.object({
  state: z.string(),
  serviceConfig: z.object({ environmentVariables: z.record(z.string(), z.string()).default({}) }),
});

/** Functions without which no dropped file is edited; a trial edits where its events arrive. */
const neededFunctions = (place: Pick<Place, 'name'>): string[] =>
  isTrial(place) ? ['on-upload', 'sweep'] : ['on-upload', 'run-job', 'sweep'];

/** The settings of the function that edits; `undefined` where it is not deployed. */
export async function deployedSettings(
  place: Omit<Place, 'config' | 'isDeployed'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const reply = await place.google(functionUrl(place, isTrial(place) ? 'on-upload' : 'run-job'));
  return read(reply, functionSchema)?.serviceConfig.environmentVariables;
}

async function functions(place: Place): Promise<Fault[]> {
  const { project, region, name } = place;
  const faults: Fault[] = [];
  for (const own of neededFunctions(place)) {
    const reply = await place.google(functionUrl(place, own));
    const found = read(reply, functionSchema);
    if (found === undefined) faults.push(refused(reply, `the function ${name}-${own}`, deployAgain(place)));
    else if (found.state !== 'ACTIVE') {
      faults.push({
        message: `Expected ${name}-${own} to be ACTIVE, got ${found.state}`,
        mend: `gcloud functions describe ${name}-${own} --project=${project} --region=${region}, then ${deployAgain(place)}`,
      });
    }
  }
  return faults;
}

const bucketSchema = z.object({
  location: z.string(),
  iamConfiguration: z.object({
    uniformBucketLevelAccess: z.object({ enabled: z.boolean() }),
    publicAccessPrevention: z.string().default('inherited'),
  }),
  lifecycle: z.object({ rule: z.array(z.unknown()).default([]) }).optional(),
});

async function buckets(place: Place): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const purpose of ['input', 'output', 'control']) {
    const bucket = bucketOf(place, purpose);
    const reply = await place.google(`https://storage.googleapis.com/storage/v1/b/${bucket}`);
    const found = read(reply, bucketSchema);
    if (found === undefined) faults.push(refused(reply, `the bucket ${bucket}`, deployAgain(place)));
    else
      faults.push(
        ...bucketFaults({ purpose, bucket, region: place.region, again: deployAgain(place) }, found),
      );
  }
  return faults;
}

interface Named {
  readonly purpose: string;
  readonly bucket: string;
  readonly region: string;
  readonly again: string;
}

function bucketFaults(
  { purpose, bucket, region, again }: Named,
  found: z.output<typeof bucketSchema>,
): Fault[] {
  const { uniformBucketLevelAccess, publicAccessPrevention } = found.iamConfiguration;
  const location = found.location.toLowerCase();
  const update = `gcloud storage buckets update gs://${bucket}`;
  const rules = found.lifecycle?.rule.length ?? 0;
  const wrong: readonly (readonly [boolean, string, string])[] = [
    [
      location !== region,
      `${bucket} in ${region}, got ${location}`,
      `Deploy to ${location}, or under another name`,
    ],
    [
      !uniformBucketLevelAccess.enabled,
      `uniform access of ${bucket}, got ACLs`,
      `${update} --uniform-bucket-level-access`,
    ],
    [
      publicAccessPrevention !== 'enforced',
      `${bucket} closed to the public, got ${publicAccessPrevention}`,
      `${update} --public-access-prevention`,
    ],
    [
      purpose !== 'control' && rules > 0,
      `no rule that deletes in ${bucket}, got ${rules}`,
      `${update} --clear-lifecycle, unless you want pictures to be deleted`,
    ],
    [purpose === 'control' && rules === 0, `a rule that deletes old claims in ${bucket}, got none`, again],
  ];
  return wrong.filter(([is]) => is).map(([, text, mend]) => ({ message: `Expected ${text}`, mend }));
}
