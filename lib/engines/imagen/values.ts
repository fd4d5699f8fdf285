/** Values and ranges that all Imagen APIs share, from their reference pages. */

export const languages = ['auto', 'en', 'zh', 'zh-CN', 'zh-TW', 'hi', 'ja', 'ko', 'pt', 'es'] as const;
export const personGenerations = ['dont_allow', 'allow_adult', 'allow_all'] as const;
export const safetySettings = [
  'block_low_and_above',
  'block_medium_and_above',
  'block_only_high',
  'block_none',
] as const;
export type SafetySetting = (typeof safetySettings)[number];

/** 2^31 - 1. */
export const maxSeed = 2_147_483_647;
