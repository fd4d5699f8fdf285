/** The engines that speak to a model API; `patchmatch`, the embedded one, is made where it is wanted. */
export const modelEngines = ['imagen', 'imagen2', 'gemini', 'endpoint'] as const;
export type ModelEngineName = (typeof modelEngines)[number];
export const engineNames = [...modelEngines, 'patchmatch'] as const;
export type EngineName = (typeof engineNames)[number];
