import { EditError } from '../../errors.ts';

/** The headers that authenticate a request to a URL. */
export type Authorize = (url: string) => Promise<Headers>;

/**
 * Application Default Credentials. google-auth-library is slow to load: it is loaded with the first request
 * that needs a token.
 *
 * @returns a function that throws `MODEL_PERMISSION` when there are no credentials.
 */
export function applicationDefaultCredentials(): Authorize {
  const load = async () => {
    const { GoogleAuth } = await import('google-auth-library');
    return new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  };
  let auth: ReturnType<typeof load> | undefined;
  return async (url) => {
    try {
      auth ??= load();
      return new Headers(await (await auth).getRequestHeaders(url));
    } catch (error) {
      auth = undefined;
      // Not kept as cause: the library hangs its request, token and all, on the errors it throws.
      const said = error instanceof Error ? error.message.slice(0, 200) : 'an unknown failure';
      throw new EditError('MODEL_PERMISSION', `Expected Application Default Credentials, got: ${said}`);
    }
  };
}
