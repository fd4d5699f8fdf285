import type { Config } from '../config.ts';
import { capabilitiesOf, priceOf } from '../engines/engines.ts';
import { EditError } from '../errors.ts';
import { smallestFrame } from '../jobs/run/cost.ts';
import { makeEngine } from './engines.ts';

/**
 * Checks what no single setting tells: that the engine can be made, and that a cap on costs knows a price.
 * Instances do so when they start, and the deployment before it makes anything. Calls nobody.
 *
 * @throws {EditError} `CONFIG_INVALID`.
 */
export async function checkConfig(config: Config): Promise<void> {
  // An embedded engine needs nothing that could be missing, and is loaded with the first picture.
  if (capabilitiesOf(config.engine).maxCallsPerSample === 0) return;
  const { name } = await makeEngine(config, config, {});
  if (config.dailyCostCapUsd !== undefined) assertPriced(name, config);
}

/** @throws {EditError} `CONFIG_INVALID` where the price of a model is not known. */
export function assertPriced(engineName: string, config: Config): void {
  if (priceOf(engineName, config)({ frame: smallestFrame, samples: 1 }) !== undefined) return;
  throw new EditError(
    'CONFIG_INVALID',
    `Expected a price for ${engineName} in MODELS beside DAILY_COST_CAP_USD, got none`,
  );
}
