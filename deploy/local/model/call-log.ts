import type { Behaviour } from './behaviour.ts';
import type { ImageFacts } from './read-image.ts';

/** What was asked of the emulator: names, numbers and sizes; never a prompt, a picture or a token. */
export interface ModelCall {
  readonly method: string;
  readonly model: string;
  readonly location: string;
  /** What was answered; 0 for a connection that was broken or left hanging. */
  readonly status: number;
  readonly images: readonly ImageFacts[];
  readonly samples: number;
  readonly behaviour: Behaviour;
  /** Whether a bearer token came along. */
  readonly hasToken: boolean;
}

export interface CallLog {
  add(call: ModelCall): void;
  calls(): readonly ModelCall[];
  clear(): void;
}

/** Older calls are forgotten: the emulator may run for days. */
const maxCalls = 1000;

export function callLog(): CallLog {
  let calls: ModelCall[] = [];
  return {
    add: (call) => {
      calls = [...calls, call].slice(-maxCalls);
    },
    calls: () => calls,
    clear: () => {
      calls = [];
    },
  };
}
