interface PublishedFile {
  readonly outputScale: 1 | 255;
}

/**
 * Files that others have published, by SHA-256. Their outputs differ in scale, which nothing in them tells.
 *
 * Facts from public pages, in November 2026; `docs/onnx.md` has the addresses and licences.
 */
export const publishedFiles: Readonly<Record<string, PublishedFile>> = {
  // Carve/LaMa-ONNX, lama_fp32.onnx
  '1faef5301d78db7dda502fe59966957ec4b79dd64e16f03ed96913c7a4eb68d6': { outputScale: 255 },
  // opencv/inpainting_lama, inpainting_lama_2025jan.onnx
  '7df918ac3921d3daf0aae1d219776cf0dc4e4935f035af81841b40adcf74fdf2': { outputScale: 255 },
  // andraniksargsyan/migan, migan_pipeline_v2.onnx
  '6f1f3530a1a2324b19752018ce756088b07973cda8d7d890034ace5c8a48c40b': { outputScale: 255 },
};
