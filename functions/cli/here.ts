import { readConfig } from '../../lib/config.ts';
import type { Log } from '../../lib/log.ts';
import { parseRequest } from '../../lib/requests/edit-request.ts';
import { wire } from '../../lib/wiring.ts';
import type { CommandLine } from './arguments.ts';
import type { Editing, Order } from './editing.ts';

const silent: Log = { info() {}, warn() {}, error() {} };

/** Edits in this process, by the embedded engine or the one that is named. */
export function editingHere({ engine, model }: CommandLine, environment: NodeJS.ProcessEnv): Editing {
  const chosen = { ...(engine && { ENGINE: engine }), ...(model && { MODEL: model }) };
  const config = readConfig({ ...environment, ...chosen });
  const wiring = wire(config, silent);
  const inputOf = ({ image, mask, keep, fields }: Order) => ({
    ...{ image, mask, keep, request: parseRequest(fields), isPolarityGiven: 'polarity' in fields },
  });
  return {
    async edit(order, onStep, signal) {
      const input = { ...inputOf(order), onStep: (step: string) => onStep(step) };
      const { mask, preview, report, costEstimateUsd, ...made } = await (await wiring.edit())(input, signal);
      const only = {
        mask: mask && { ...mask, extension: 'png' },
        preview: preview && { ...preview, extension: 'webp' },
      };
      const asked = input.request.only === undefined ? undefined : only[input.request.only];
      const outputs = asked === undefined ? made.outputs : [asked];
      const { engine: name, warnings, proofs } = report;
      return {
        ...{ outputs, engine: name, warnings, proof: proofs[0] ?? null, manifest: report },
        costEstimateUsd: costEstimateUsd ?? null,
      };
    },
    plan: async (order, signal) => (await wiring.plan())(inputOf(order), signal),
  };
}
