# Written from lib/config.ts (`UPDATE_DOCS=1 npm test`).
locals {
  # What `settings` may hold: the variables of docs/configuration.md that neither Terraform nor Cloud Run sets.
  free_settings = [
    "STORAGE_API_ENDPOINT",
    "LOCATION",
    "ENDPOINT_ID",
    "MODEL_BASE_URL",
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
    "MAX_ATTEMPTS",
    "MAX_MODEL_CALLS",
    "REQUEST_FILE",
    "REQUEST_DEFAULTS",
    "FOLDER_MASK",
    "SWEEP_MAX_JOBS",
    "MAX_EVENT_AGE_MS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "LOG_LEVEL",
  ]
}
