# Written by `npm run docs` from lib/config.ts and lib/engines/known-models.ts.
locals {
  # What `settings` may hold: the variables of docs/configuration.md that neither Terraform nor Cloud Run sets.
  free_settings = [
    "STORAGE_API_ENDPOINT",
    "LOCATION",
    "ENDPOINT_ID",
    "HTTP_ENGINE",
    "HTTP_ENGINE_SECRET",
    "ONNX_MODEL",
    "ONNX_MODEL_SHA256",
    "ONNX_OUTPUT_SCALE",
    "MODEL_BASE_URL",
    "MASK_FINDER",
    "MASK_FINDER_MODEL",
    "ALLOWED_MODELS",
    "MODELS",
    "MAX_IMAGE_BYTES",
    "MAX_IMAGE_PIXELS",
    "ACCEPT_AVIF",
    "FEATHER_PX",
    "DILATION_PX",
    "MODEL_DILATION",
    "MAX_REGIONS",
    "MAX_TILES",
    "TASKS_API_ENDPOINT",
    "PUBSUB_EMULATOR_HOST",
    "MAX_ATTEMPTS",
    "MAX_MODEL_CALLS",
    "MAX_EVENT_AGE_MS",
    "REQUEST_FILE",
    "REQUEST_DEFAULTS",
    "FOLDER_MASK",
    "SWEEP_MAX_JOBS",
    "BATCH",
    "MAX_CONCURRENT_EDITS",
    "ALLOWED_ORIGINS",
    "ERRORS_URL",
    "REQUIRED_AUDIENCE",
    "ALLOWED_CALLERS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "LOG_LEVEL",
  ]

  # Models of engines that are named alone.
  default_models = {
    gemini  = "gemini-nano-banana-2.1"
    imagen  = "imagen-3.0-capability-001"
    imagen2 = "imagegeneration@006"
  }

  # Models with a price in lib/engines/known-models.ts.
  priced_models = [
    "imagen-3.0-capability-001",
    "imagegeneration@006",
    "imagegeneration@005",
    "imagegeneration@002",
    "imagen-4.0-generate-001",
    "imagen-4.0-ultra-generate-001",
    "imagen-4.0-fast-generate-001",
    "imagen-3.0-generate-002",
    "imagen-3.0-generate-001",
    "imagen-3.0-fast-generate-001",
    "gemini-nano-banana-2.1",
    "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite-image",
    "gemini-3-pro-image",
    "gemini-2.5-flash-image",
  ]
}
