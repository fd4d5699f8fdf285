import { describe, expect, it } from 'vitest';
import { modelHost } from '../../../../lib/engines/vertex/url.ts';

describe('modelHost', () => {
  it.each([
    ['global', 'https://aiplatform.googleapis.com'],
    ['us', 'https://aiplatform.us.rep.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com'],
    ['asia-northeast3', 'https://asia-northeast3-aiplatform.googleapis.com'],
  ])('knows the host of %s', (location, origin) => {
    expect(modelHost(location)).toEqual({ origin, needsToken: true });
  });

  it.each(['evil.example/', 'us-central1.evil', 'US-CENTRAL1', '', 'a b'])(
    'refuses %j, which would become part of a host name',
    (location) => {
      expect(() => modelHost(location)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );

  it.each(['http://127.0.0.1:9090', 'http://localhost:9090/', 'http://[::1]:9090', 'http://127.1.2.3/base/'])(
    'needs no token on loopback: %s',
    (baseUrl) => {
      expect(modelHost('global', baseUrl)).toEqual({ origin: baseUrl.replace(/\/$/, ''), needsToken: false });
    },
  );

  it('needs a token for https, also on loopback', () => {
    expect(modelHost('global', 'https://localhost:8443').needsToken).toBe(true);
  });

  it.each([
    'http://192.168.0.7:9090',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'ftp://127.0.0.1',
    'not a url',
    'https://user:secret@private.example',
    'https://private.example/?key=1',
  ])('refuses %s', (baseUrl) => {
    expect(() => modelHost('global', baseUrl)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
