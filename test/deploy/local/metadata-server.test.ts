import { GoogleAuth } from 'google-auth-library';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type MetadataServer, startMetadataServer } from '../../../deploy/local/metadata-server.ts';

let metadata: MetadataServer;
beforeAll(async () => {
  metadata = await startMetadataServer({ accessToken: 'a-token', projectId: 'a-project' });
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => metadata.close());

describe('metadata server', () => {
  it('is where Application Default Credentials find a token, without a network', async () => {
    for (const [name, value] of Object.entries(metadata.environment)) vi.stubEnv(name, value);
    // No key file of the machine that runs the tests.
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
    vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent');
    // Without it the library starts a gcloud process to ask for one.
    vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'a-project');
    const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
    const headers = await auth.getRequestHeaders('https://us-central1-aiplatform.googleapis.com/');
    expect(headers.get('authorization')).toBe('Bearer a-token');
  });

  it('refuses requests without its header, as the real one does', async () => {
    const response = await fetch(`http://${metadata.host}/computeMetadata/v1/project/project-id`);
    expect(response.status).toBe(403);
    expect(await response.text()).toBe('');
  });
});
