import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EditError } from '../../lib/errors.ts';

/**
 * An ID token for a server behind IAM: of Application Default Credentials where the environment names some,
 * as on machines that run unattended, else of gcloud, else of whatever credentials there are.
 *
 * @param server its address, which is the audience.
 * @throws {EditError} `CONFIG_INVALID`.
 */
export async function identityToken(server: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const isNamed = ['GOOGLE_APPLICATION_CREDENTIALS', 'GCE_METADATA_HOST'].some((name) => environment[name]);
  const ofCredentials = () => tokenOfCredentials(new URL(server).origin);
  const ways = isNamed ? [ofCredentials, tokenOfGcloud] : [tokenOfGcloud, ofCredentials];
  for (const way of ways) {
    const token = await way().catch(() => undefined);
    if (token) return token;
  }
  const message = 'Expected --token, gcloud that is signed in, or Application Default Credentials, got none';
  throw new EditError('CONFIG_INVALID', message);
}

async function tokenOfGcloud(): Promise<string> {
  const { stdout } = await promisify(execFile)('gcloud', ['auth', 'print-identity-token']);
  return stdout.trim();
}

async function tokenOfCredentials(audience: string): Promise<string> {
  const { GoogleAuth } = await import('google-auth-library');
  const client = await new GoogleAuth().getIdTokenClient(audience);
  return client.idTokenProvider.fetchIdToken(audience);
}
