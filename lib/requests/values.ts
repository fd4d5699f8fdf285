/** Values that requests may use. Each engine declares which of them its API knows. */

export const languages = ['auto', 'en', 'zh', 'zh-CN', 'zh-TW', 'hi', 'ja', 'ko', 'pt', 'es'] as const;

export const personGenerations = ['dont_allow', 'allow_adult', 'allow_all'] as const;

export const safetySettings = [
  'block_low_and_above',
  'block_medium_and_above',
  'block_only_high',
  'block_none',
] as const;
export type SafetySetting = (typeof safetySettings)[number];

/** Names that the Imagen API has given up -> the names it uses now. */
export const formerSafetySettings = {
  block_most: 'block_low_and_above',
  block_some: 'block_medium_and_above',
  block_few: 'block_only_high',
  block_fewest: 'block_none',
} as const satisfies Readonly<Record<string, SafetySetting>>;
export type FormerSafetySetting = keyof typeof formerSafetySettings;

/** 2^31 - 1. */
export const maxSeed = 2_147_483_647;

/** Nominal ratios of width to height that all models with ratios have. */
export const usualRatios = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'] as const;
/** Newer models have very wide and very high ones too. */
export const aspectRatios = [...usualRatios, '1:4', '4:1', '1:8', '8:1'] as const;
export type AspectRatio = (typeof aspectRatios)[number];

/** What answers are sold as; 1K has a longer side of 1024 to 1584 pixels, each further size doubles it. */
export const imageSizes = ['1K', '2K', '4K'] as const;
export type ImageSize = (typeof imageSizes)[number];
/** Their longer sides where the picture is square, pixels. */
export const imageSidePx = { '1K': 1024, '2K': 2048, '4K': 4096 } as const;

export const upscaleFactors = ['x2', 'x3', 'x4'] as const;

/** Names of picture formats -> their media types. */
export const mediaTypes = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tiff: 'image/tiff',
  ico: 'image/vnd.microsoft.icon',
} as const;
export type PictureFormatName = keyof typeof mediaTypes;
