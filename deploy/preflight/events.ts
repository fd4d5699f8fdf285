import { z } from 'zod';
import { type Fault, read, refused } from './google.ts';
import { accountOf, bucketOf, deployAgain, functionUrl, isTrial, type Place } from './place.ts';

/** From the input bucket over its topic and the push of its subscription to onUpload. */
export async function eventFaults(place: Place): Promise<Fault[]> {
  const told = await notificationFaults(place);
  // Eventarc hides the topic and the subscription of a trial.
  return isTrial(place)
    ? told
    : [...told, ...(await topicFaults(place)), ...(await subscriptionFaults(place))];
}

const topicOf = ({ project, name }: Place): string => `projects/${project}/topics/${name}-uploads`;

const notificationsSchema = z.object({
  items: z
    .array(
      z.object({
        topic: z.string(),
        event_types: z.array(z.string()).optional(),
        object_name_prefix: z.string().optional(),
      }),
    )
    .default([]),
});

async function notificationFaults(place: Place): Promise<Fault[]> {
  const bucket = bucketOf(place, 'input');
  const mend = deployAgain(place);
  const reply = await place.google(
    `https://storage.googleapis.com/storage/v1/b/${bucket}/notificationConfigs`,
  );
  const found = read(reply, notificationsSchema)?.items;
  if (found === undefined) return [refused(reply, `the notifications of ${bucket}`, mend)];
  const topic = isTrial(place) ? '' : topicOf(place);
  const isRight = ({ topic: own, event_types: types, object_name_prefix: prefix }: (typeof found)[number]) =>
    own.endsWith(topic) && !prefix && (types === undefined || types.includes('OBJECT_FINALIZE'));
  if (found.some(isRight)) return [];
  const where = topic === '' ? '' : ` on ${topic}`;
  const message = `Expected ${bucket} to tell of every upload${where}, got ${found.length} notifications that do not`;
  return [{ message, mend }];
}

async function topicFaults(place: Place): Promise<Fault[]> {
  const topic = topicOf(place);
  const reply = await place.google(`https://pubsub.googleapis.com/v1/${topic}`);
  return reply.status === 200 ? [] : [refused(reply, `the topic ${topic}`, deployAgain(place))];
}

const subscriptionSchema = z.object({
  topic: z.string(),
  state: z.string().default('ACTIVE'),
  pushConfig: z
    .object({
      pushEndpoint: z.string().default(''),
      oidcToken: z.object({ serviceAccountEmail: z.string().default('') }).optional(),
    })
    .optional(),
});
const deployedSchema = z.object({ serviceConfig: z.object({ uri: z.string().default('') }) });

/** Where onUpload is not deployed, another check says so. */
async function subscriptionFaults(place: Place): Promise<Fault[]> {
  const { project, name, google } = place;
  const again = deployAgain(place);
  const subscription = `${name}-uploads`;
  const reply = await google(
    `https://pubsub.googleapis.com/v1/projects/${project}/subscriptions/${subscription}`,
  );
  const found = read(reply, subscriptionSchema);
  if (found === undefined) return [refused(reply, `the subscription ${subscription}`, again)];
  const url = read(await google(functionUrl(place, 'on-upload')), deployedSchema)?.serviceConfig.uri ?? '';
  const email = accountOf(place, 'trigger');
  const { pushEndpoint = '', oidcToken } = found.pushConfig ?? {};
  const push =
    url === ''
      ? again
      : `gcloud pubsub subscriptions update ${subscription} --project=${project} --push-endpoint=${url} --push-auth-service-account=${email} --push-auth-token-audience=${url}`;
  const wrong: readonly (readonly [boolean, string, string])[] = [
    [
      found.topic !== topicOf(place),
      `${subscription} to read ${topicOf(place)}, got ${found.topic}`,
      'terraform apply -replace=google_pubsub_subscription.uploads',
    ],
    [found.state !== 'ACTIVE', `${subscription} to be ACTIVE, got ${found.state}`, again],
    [
      pushEndpoint === '' || (url !== '' && pushEndpoint !== url),
      `${subscription} to push to ${url}, got ${pushEndpoint || 'nowhere'}`,
      push,
    ],
    [
      oidcToken?.serviceAccountEmail !== email,
      `${subscription} to push as ${email}, got ${oidcToken?.serviceAccountEmail ?? 'nobody'}`,
      push,
    ],
  ];
  return wrong.filter(([is]) => is).map(([, text, mend]) => ({ message: `Expected ${text}`, mend }));
}
