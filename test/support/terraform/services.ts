import { functionTable } from '../../../functions/register.ts';
import { isReference, isUnset, nested, ofType, type Rule } from './configuration.ts';

const functionType = 'google_cloudfunctions2_function';

const wantedOfServices = [
  'available_cpu',
  'available_memory',
  'ingress_settings',
  'max_instance_count',
  'max_instance_request_concurrency',
  'min_instance_count',
  'service_account_email',
  'timeout_seconds',
];

/** The platform's defaults differ by who deploys: nothing is left to them. */
export const servicesAreWhole: Rule = (resources) =>
  ofType(resources, functionType).flatMap(({ address, body }) => {
    const service = nested(body, 'service_config');
    return wantedOfServices
      .filter((name) => isUnset(service[name]))
      .map((name) => `${address}: expected ${name}, got none`);
  });

/** Two functions with one identity would have each other's rights. */
export const identitiesAreOwn: Rule = (resources) => {
  const seen = new Map<string, string>();
  return ofType(resources, functionType).flatMap(({ address, body }) => {
    const email = String(nested(body, 'service_config')['service_account_email']);
    // An account made in the module of the function is its own.
    const isOfModule = isReference(email, 'google_service_account.this.email');
    const account = isOfModule ? `${address.slice(0, -`${functionType}.this`.length)}${email}` : email;
    const other = seen.get(account);
    seen.set(account, address);
    return other === undefined ? [] : [`${address}: expected an identity of its own, got that of ${other}`];
  });
};

/** Only services of the project call these; the others are for people and programs. */
const internal = ['onUpload', 'runJob', 'sweep'];

export const ingressIsNarrow: Rule = (resources) =>
  ofType(resources, functionType).flatMap(({ address, body }) => {
    const entryPoint = String(nested(body, 'build_config')['entry_point']);
    const ingress = nested(body, 'service_config')['ingress_settings'];
    return internal.includes(entryPoint) && ingress !== 'ALLOW_INTERNAL_ONLY'
      ? [`${address}: expected ALLOW_INTERNAL_ONLY, got ${String(ingress)}`]
      : [];
  });

export const codeIsRegistered: Rule = (resources) => {
  const deployed = ofType(resources, functionType).map(({ body }) =>
    String(nested(body, 'build_config')['entry_point']),
  );
  const known = Object.keys(functionTable);
  return [
    ...deployed
      .filter((name) => !known.includes(name))
      .map((name) => `Expected a registered function, got ${name}`),
    ...known.filter((name) => !deployed.includes(name)).map((name) => `Expected ${name} to be deployed`),
  ];
};
