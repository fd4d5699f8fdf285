/** The engines that speak to a model API; `patchmatch`, the embedded one, is made where it is wanted. */
export const modelEngines = ['imagen', 'imagen2', 'gemini', 'endpoint'] as const;
export type ModelEngineName = (typeof modelEngines)[number];
export const engineNames = [...modelEngines, 'patchmatch'] as const;
export type EngineName = (typeof engineNames)[number];

/** What stands before the first colon, and after it. */
interface EngineNameParts {
  readonly engine: string;
  readonly model: string | undefined;
}

/** `imagen:imagen-3.0-capability-001` -> both names apart; an engine without a model is named alone. */
export function parseEngineName(name: string): EngineNameParts {
  const at = name.indexOf(':');
  return at < 0
    ? { engine: name, model: undefined }
    : { engine: name.slice(0, at), model: name.slice(at + 1) };
}
