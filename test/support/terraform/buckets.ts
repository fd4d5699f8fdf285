import { type Block, nested, nestedAll, ofType, type Rule } from './configuration.ts';

const bucketType = 'google_storage_bucket';
const purposes = ['input', 'output', 'control'] as const;

/** A result written to the input bucket would be an upload again. */
export const bucketsAreDistinct: Rule = (resources) => {
  const names = purposes.map((purpose) => bucketOf(resources, purpose)['name']);
  return new Set(names).size === purposes.length
    ? []
    : [`Expected three distinct buckets, got ${names.map(String).join(', ')}`];
};

export const bucketsArePrivate: Rule = (resources) =>
  ofType(resources, bucketType).flatMap(({ address, body }) => [
    ...(body['uniform_bucket_level_access'] === true ? [] : [`${address}: expected uniform access`]),
    ...(body['public_access_prevention'] === 'enforced'
      ? []
      : [`${address}: expected public access to be prevented`]),
  ]);

export const claimsGoAndPicturesStay: Rule = (resources) => {
  const control = bucketOf(resources, 'control');
  const retention = nested(control, 'soft_delete_policy')['retention_duration_seconds'];
  const kept = purposes.filter((purpose) => purpose !== 'control');
  return [
    ...(retention === 0 ? [] : [`control: expected no soft delete, got ${String(retention)}`]),
    ...(isDeletedAfter(control, taskLifeDays)
      ? []
      : [`control: expected objects to be deleted after more than ${taskLifeDays} days`]),
    ...kept.flatMap((purpose) => [
      ...(nestedAll(bucketOf(resources, purpose), 'lifecycle_rule').length > 0
        ? [`${purpose}: expected no lifecycle, pictures stay`]
        : []),
      ...(bucketOf(resources, purpose)['force_destroy'] === true
        ? [`${purpose}: expected to be kept while it holds objects`]
        : []),
    ]),
  ];
};

/** Cloud Tasks keeps a task for so long, and its claim must be there still. */
const taskLifeDays = 31;

const isDeletedAfter = (bucket: Block, days: number): boolean =>
  nestedAll(bucket, 'lifecycle_rule').some(
    (rule) => nested(rule, 'action')['type'] === 'Delete' && Number(nested(rule, 'condition')['age']) > days,
  );

function bucketOf(resources: Parameters<Rule>[0], purpose: string): Block {
  return resources.find(({ address }) => address === `${bucketType}.${purpose}`)?.body ?? {};
}
