import { listen, stop, urlOf } from './loopback.ts';

export interface MetadataServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Variables that make google-auth-library ask this server and no other. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface MetadataServerOptions {
  readonly projectId?: string;
  readonly accessToken?: string;
  readonly email?: string;
}

const flavor = { 'metadata-flavor': 'Google' };
/** Tokens of the real server live this long at most. */
const tokenLifeSeconds = 3599;

/**
 * The metadata server of Google Cloud on loopback: Application Default Credentials find a service account
 * without a network. Its tokens give access to nothing.
 *
 * @see https://cloud.google.com/compute/docs/metadata/overview
 */
export async function startMetadataServer(options: MetadataServerOptions = {}): Promise<MetadataServer> {
  const {
    projectId = 'local',
    accessToken = 'local-token',
    email = 'local@local.iam.gserviceaccount.com',
  } = options;
  const account = '/computeMetadata/v1/instance/service-accounts/default';
  const token = { access_token: accessToken, expires_in: tokenLifeSeconds, token_type: 'Bearer' };
  const answers: Readonly<Record<string, string>> = {
    '/': '',
    '/computeMetadata/v1/instance': '',
    '/computeMetadata/v1/project/project-id': projectId,
    '/computeMetadata/v1/universe/universe-domain': 'googleapis.com',
    [`${account}/email`]: email,
    [`${account}/token`]: JSON.stringify(token),
  };
  const server = await listen(0);
  server.on('request', (message, response) => {
    const { pathname } = new URL(message.url ?? '/', 'http://localhost');
    const answer = answers[pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname];
    // The real one refuses requests without the header: it keeps web pages out.
    const status = message.headers['metadata-flavor'] !== 'Google' ? 403 : answer === undefined ? 404 : 200;
    const type = answer?.startsWith('{') ? 'application/json' : 'application/text';
    response.writeHead(status, { ...flavor, 'content-type': type });
    response.end(status === 200 ? answer : '');
  });
  const { host } = new URL(urlOf(server));
  return {
    host,
    environment: { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present' },
    close: () => stop(server),
  };
}
