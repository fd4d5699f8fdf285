import { EditError } from '../errors.ts';
import type { InpaintEngine } from './engine.ts';
import type { EngineEntry, EngineOptions, ModelSettings } from './entry.ts';

/** A removal service of any maker: the setting `HTTP_ENGINE` says how it is asked. */
export const http: EngineEntry = {
  capabilities: {
    modes: ['removal'],
    masks: 'native',
    maxCallsPerSample: 1,
    options: { samples: { range: [1, 4], note: 'one call each' } },
  },
  make: httpEngine,
  usdPerCall: ({ httpEngine: service }) => service?.usdPerCall,
};

async function httpEngine({ model, settings, codec, tuning }: EngineOptions): Promise<InpaintEngine> {
  const { service, secret } = serviceIn(settings);
  // Without the port, which an emulator changes with each start: the name is part of the ids of jobs.
  const name = `http:${new URL(service.url).hostname}`;
  if (model !== undefined) {
    throw new EditError('CONFIG_INVALID', `Expected no model for the engine ${name}, got ${model}`);
  }
  const { askService } = await import('./http/ask.ts');
  return {
    name,
    frames: { kind: 'free', maxSidePx: service.maxSidePx },
    inpaint: (request, signal) => askService({ name, service, secret, codec, tuning }, request, signal),
  };
}

function serviceIn({ httpEngine: service, httpEngineSecret: secret }: ModelSettings) {
  const fault = (message: string) => new EditError('CONFIG_INVALID', message);
  if (service === undefined) throw fault('Expected HTTP_ENGINE for the engine http, got none');
  if (service.header !== undefined && secret === undefined) {
    throw fault(`Expected HTTP_ENGINE_SECRET for the header ${service.header}, got none`);
  }
  if (service.header === undefined && secret !== undefined) {
    throw fault('Expected the name of a header in HTTP_ENGINE beside HTTP_ENGINE_SECRET, got none');
  }
  return { service, secret };
}
