import type { OAuth2Client } from 'google-auth-library';
import { EditError } from '../lib/errors.ts';

/** Lets a caller in, by the header `Authorization`. @throws {EditError} `UNAUTHENTICATED` and others. */
export type AdmitCaller = (authorization: string | undefined) => Promise<void>;

interface CallerOptions {
  /** What a token must be made for. */
  readonly audience: string;
  /** Addresses of accounts; empty: everybody with such a token. */
  readonly callers: readonly string[];
  /** Where the keys of Google are, for tests. */
  readonly certsUrl?: string;
}

const issuers = ['https://accounts.google.com', 'accounts.google.com'];
const unauthenticated = (message: string) => new EditError('UNAUTHENTICATED', message);

/**
 * Checks the ID token of a caller: signed by Google, for this audience, not expired, of a known account.
 * Where IAM stands before a function the platform has done so already.
 *
 * @see https://cloud.google.com/docs/authentication/token-types#id
 */
export function admitCaller({ audience, callers, certsUrl }: CallerOptions): AdmitCaller {
  let client: Promise<OAuth2Client> | undefined;
  return async (authorization = '') => {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw unauthenticated('Expected Authorization: Bearer and an ID token, got none');
    client ??= keysClient(certsUrl);
    const email = await emailIn(token, audience, await client);
    if (callers.length === 0 || callers.includes(email)) return;
    throw new EditError('CALLER_NOT_ALLOWED', 'Expected an account of ALLOWED_CALLERS, got another');
  };
}

/** The library is slow to load: with the first request. */
async function keysClient(certsUrl: string | undefined): Promise<OAuth2Client> {
  const { OAuth2Client } = await import('google-auth-library');
  return new OAuth2Client(certsUrl ? { endpoints: { oauth2FederatedSignonPemCertsUrl: certsUrl } } : {});
}

/** The address that the token proves, empty where it has none. */
async function emailIn(token: string, audience: string, client: OAuth2Client): Promise<string> {
  // The client keeps them as long as their answer says.
  const { certs } = await client.getFederatedSignonCertsAsync().catch((cause: unknown) => {
    throw new EditError('KEYS_UNAVAILABLE', 'Expected the keys that prove identities, got none', { cause });
  });
  try {
    const ticket = await client.verifySignedJwtWithCertsAsync(token, certs, audience, issuers);
    const { email = '', email_verified: isVerified } = ticket.getPayload() ?? {};
    return isVerified === true ? email : '';
  } catch {
    // Its messages quote the token.
    throw unauthenticated(`Expected an ID token of Google for the audience ${audience}, got another`);
  }
}
