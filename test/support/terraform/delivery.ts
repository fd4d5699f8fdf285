import { type Block, isReference, isUnset, nested, nestedAll, ofType, type Rule } from './configuration.ts';

export const eventsComeAgain: Rule = (resources) => {
  const triggers = ofType(resources, 'google_eventarc_trigger');
  const inline = ofType(resources, 'google_cloudfunctions2_function').flatMap(({ address, body }) =>
    nestedAll(body, 'event_trigger').map((trigger) => ({ address, trigger })),
  );
  return [
    ...(triggers.length + inline.length === 0 ? ['Expected a trigger of uploads, got none'] : []),
    ...triggers.flatMap(({ address, body }) => {
      const criteria = Object.fromEntries(
        nestedAll(body, 'matching_criteria').map(({ attribute, value }) => [attribute, value]),
      ) as Block;
      return [
        ...(nestedAll(body, 'retry_policy').some((policy) => policy['max_attempts'] === 1)
          ? [`${address}: expected failed deliveries to be repeated, got one attempt`]
          : []),
        ...(criteria['type'] === 'google.cloud.storage.object.v1.finalized'
          ? []
          : [`${address}: expected events of finalized objects, got ${String(criteria['type'])}`]),
        ...(isReference(criteria['bucket'], 'google_storage_bucket.input.name')
          ? []
          : [`${address}: expected the input bucket, got ${String(criteria['bucket'])}`]),
        ...(isUnset(body['service_account']) ? [`${address}: expected service_account, got none`] : []),
      ];
    }),
    ...inline
      .filter(({ trigger }) => trigger['retry_policy'] !== 'RETRY_POLICY_RETRY')
      .map(({ address }) => `${address}: expected RETRY_POLICY_RETRY`),
  ];
};

export const tasksAreKept: Rule = (resources) => {
  const queues = ofType(resources, 'google_cloud_tasks_queue');
  return [
    ...(queues.length === 2 ? [] : [`Expected a live and a backfill queue, got ${queues.length}`]),
    ...queues.flatMap(({ address, body }) => {
      const { max_attempts: attempts, max_retry_duration: duration } = nested(body, 'retry_config');
      const limits = nested(body, 'rate_limits');
      return [
        ...(attempts === -1 ? [] : [`${address}: expected max_attempts -1, got ${String(attempts)}`]),
        ...(isUnset(duration) ? [] : [`${address}: expected no max_retry_duration, got ${String(duration)}`]),
        ...['max_dispatches_per_second', 'max_concurrent_dispatches']
          .filter((name) => isUnset(limits[name]))
          .map((name) => `${address}: expected ${name}, got none`),
      ];
    }),
  ];
};
