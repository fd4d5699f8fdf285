import { createServer } from 'node:http';
import { listenOn } from './listening.ts';

export interface MetadataServer {
  /** Variables that make google-auth-library ask this server and no other. */
  readonly environment: Readonly<Record<string, string>>;
  /** Access tokens that were given. */
  tokens(): number;
  close(): void;
}

/** Tokens of the real server live this long at most. */
const tokenLifeSeconds = 3599;

/**
 * The metadata server of Google Cloud on loopback: Application Default Credentials find a service account
 * without a network. Its token gives access to nothing.
 *
 * @see https://cloud.google.com/compute/docs/metadata/overview
 */
export async function startMetadataServer(accessToken = 'local-token'): Promise<MetadataServer> {
  const token = { access_token: accessToken, expires_in: tokenLifeSeconds, token_type: 'Bearer' };
  const claims = Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + tokenLifeSeconds })).toString(
    'base64url',
  );
  const answers: Readonly<Record<string, string>> = {
    '/computeMetadata/v1/instance': '',
    '/computeMetadata/v1/universe/universe-domain': 'googleapis.com',
    '/computeMetadata/v1/instance/service-accounts/default/token': JSON.stringify(token),
    '/computeMetadata/v1/instance/service-accounts/default/identity': `e30.${claims}.local`,
  };
  let tokens = 0;
  const server = createServer((message, response) => {
    if (message.url?.includes('/token')) tokens++;
    const answer = answers[message.url?.replace(/\/?(\?.*)?$/, '') ?? ''];
    // The real one refuses requests without the header: it keeps web pages out.
    const status = message.headers['metadata-flavor'] !== 'Google' ? 403 : answer === undefined ? 404 : 200;
    const type = answer?.startsWith('{') ? 'application/json' : 'application/text';
    response.writeHead(status, { 'metadata-flavor': 'Google', 'content-type': type });
    response.end(status === 200 ? answer : '');
  });
  const { host } = new URL(await listenOn(server));
  return {
    environment: { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present' },
    tokens: () => tokens,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
