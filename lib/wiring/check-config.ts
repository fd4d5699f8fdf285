import type { Config } from '../config.ts';
import { capabilitiesOf } from '../engines/engines.ts';
import { assertPriced } from './cost-cap.ts';
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
