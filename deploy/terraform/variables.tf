variable "project" {
  description = "Id of the project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Expected a project id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the buckets, functions and queues, e.g. europe-west1. A trigger must be in the region of its bucket, so all share one region. Pictures stay there, but for the crops that a model sees: it has its own location, by default `global`, which may process them on any continent. Where that is not allowed, set settings.LOCATION (e.g. eu) to one where the model is served, or take patchmatch or an endpoint of your own."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Expected a region such as europe-west1, no zone and no multi-region."
  }
}

variable "name" {
  description = "First part of every name, so that one project can hold several deployments. 1 to 14 characters. Default: inpaint."
  type        = string
  default     = "inpaint"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,12}[a-z0-9])?$", var.name))
    error_message = "Expected 1 to 14 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "model" {
  description = <<-TEXT
    Engine, or engine and model as ENGINE:MODEL. Default: gemini, with the model that Google recommends for edits and that has every
    size up to 4K. Use gemini:gemini-3-pro-image when its inventions do not convince, at four times the price;
    endpoint:ENDPOINT_ID for your own inpainting model on Vertex AI (with settings.LOCATION, and a price in settings.MODELS or no
    daily_cost_cap_usd); http for a removal service of any maker (with settings.HTTP_ENGINE, and http_engine_secret); onnx for a
    removal model of your own in a file (with settings.ONNX_MODEL, see docs/onnx.md); patchmatch for removals without any model or cost.
  TEXT
  type        = string
  default     = "gemini"

  validation {
    condition     = can(regex("^(patchmatch|http|onnx|(gemini|imagen|imagen2)(:[A-Za-z0-9._@-]+)?|endpoint:[A-Za-z0-9._@-]+)$", var.model))
    error_message = "Expected patchmatch, http, onnx, gemini, imagen or imagen2, these three also with :MODEL, or endpoint: with an id."
  }
  validation {
    condition     = !startswith(var.model, "endpoint:") || lookup(var.settings, "LOCATION", "") != ""
    error_message = "Expected settings = { LOCATION = \"REGION\" } beside an endpoint, where it is."
  }
  validation {
    condition     = var.model != "http" || can(jsondecode(var.settings["HTTP_ENGINE"]).url)
    error_message = "Expected JSON with a url in settings.HTTP_ENGINE beside http, as docs/http-engine.md has it."
  }
  validation {
    condition     = var.model != "onnx" || lookup(var.settings, "ONNX_MODEL", "") != ""
    error_message = "Expected settings = { ONNX_MODEL = \"gs://BUCKET/NAME\" } beside onnx, as docs/onnx.md has it."
  }
}

variable "http_engine_secret" {
  description = "Name of the secret in Secret Manager with what the header of settings.HTTP_ENGINE carries. Default: null, no header."
  type        = string
  default     = null

  validation {
    condition     = var.http_engine_secret == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.http_engine_secret))
    error_message = "Expected the name of a secret in the project, without its path."
  }
}

variable "daily_cost_cap_usd" {
  description = "Estimated cost in USD of the model calls of one day (UTC). Beyond it jobs wait for the next day, and HTTP functions answer 503. 0 or more, default 20: some 600 edits in 1K with the default model. null: no cap, for a model without a known price."
  type        = number
  default     = 20

  validation {
    condition     = var.daily_cost_cap_usd == null || try(var.daily_cost_cap_usd >= 0, false)
    error_message = "Expected 0 or more, or null."
  }
  validation {
    condition = (
      var.daily_cost_cap_usd == null || contains(["patchmatch", "onnx"], local.engine) || contains(local.priced_models, local.model != "" ? local.model : lookup(local.default_models, local.engine, "")) ||
      try(length(jsondecode(var.settings["MODELS"])[local.model].usdPerImage) > 0, false) ||
      (local.engine == "http" && can(jsondecode(var.settings["HTTP_ENGINE"]).usdPerCall))
    )
    error_message = "Expected null, or a price of the model in settings.MODELS or settings.HTTP_ENGINE: a cap needs a price."
  }
}

variable "tier" {
  description = "How Gemini models carry calls out: standard (default), flex at half the price and within 30 minutes, which the timeouts then allow for, or priority before others at 1.8 times the price. It holds for all functions."
  type        = string
  default     = "standard"

  validation {
    condition     = contains(["standard", "flex", "priority"], var.tier)
    error_message = "Expected standard, flex or priority."
  }
}

variable "results_topic" {
  description = "Name of a Pub/Sub topic that is made and gets a message when a job has ended, as docs/results.md has it, e.g. inpaint-results. Default: null, none."
  type        = string
  default     = null

  validation {
    condition     = var.results_topic == null || (can(regex("^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$", var.results_topic)) && !startswith(coalesce(var.results_topic, "none"), "goog"))
    error_message = "Expected a name without its path, 3 to 255 letters, digits and -._~+%, a letter first and not goog."
  }
}

variable "delivery" {
  description = "jobs (default): results lie in the folders of their jobs. flat: the best output of a picture also lies below delivered/ under its name, as docs/results.md has it; run-job and sweep may then replace objects there."
  type        = string
  default     = "jobs"

  validation {
    condition     = contains(["jobs", "flat"], var.delivery)
    error_message = "Expected jobs or flat."
  }
}

variable "settings" {
  description = "Further environment variables of all functions, as docs/configuration.md lists them, e.g. { MAX_IMAGE_PIXELS = \"200000000\" }. Default: none."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), local.free_settings)) == 0
    error_message = "Expected variables of docs/configuration.md that Terraform does not set itself, got ${join(", ", setsubtract(keys(var.settings), local.free_settings))}."
  }
  validation {
    condition     = contains(["debug", "info"], lookup(var.settings, "LOG_LEVEL", "info"))
    error_message = "Expected LOG_LEVEL debug or info: metrics and alerts count the lines of info."
  }
}

variable "users" {
  description = "IAM members who may upload and see photos, fetch results and call the HTTP functions, e.g. [\"group:retouching@example.com\"]. Default: nobody."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.users : can(regex("^(user|group|serviceAccount|domain):.+$", member))])
    error_message = "Expected user:, group:, serviceAccount: or domain: members; the functions are not for everybody."
  }
}

variable "ingress" {
  description = "Networks that can reach edit, mask, generate and upscale: ALLOW_ALL (default), ALLOW_INTERNAL_AND_GCLB or ALLOW_INTERNAL_ONLY. Callers need run.invoker in any case."
  type        = string
  default     = "ALLOW_ALL"

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"], var.ingress)
    error_message = "Expected ALLOW_ALL, ALLOW_INTERNAL_AND_GCLB or ALLOW_INTERNAL_ONLY."
  }
}

variable "studio" {
  description = <<-TEXT
    The function studio: jobs over HTTP, and a page to paint masks in. enabled: whether it is deployed (default false). members: who may
    call it (default: those in `users`). iap: whether they come through Identity-Aware Proxy with a browser (default false; then `output
    studio` has a command that turns it on, because a function has no argument for it); else with an identity token, or through
    `gcloud run services proxy`.
  TEXT
  type = object({
    enabled = optional(bool, false)
    members = optional(set(string), [])
    iap     = optional(bool, false)
  })
  default = {}

  validation {
    condition     = alltrue([for member in var.studio.members : can(regex("^(user|group|serviceAccount|domain):.+$", member))])
    error_message = "Expected user:, group:, serviceAccount: or domain: members; the studio is not for everybody."
  }
}

variable "page_origins" {
  description = "Origins of web pages that upload to the input bucket and read from the output bucket, e.g. [\"https://retouching.example.com\"]. Default: none, and then no CORS."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.page_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "Expected origins such as https://retouching.example.com, no path and no *."
  }
}

variable "sweep_memory" {
  description = "Memory of the sweep. With BATCH = \"on\" it decodes pictures and needs that of a worker: 1Gi (default), 2Gi or 4Gi."
  type        = string
  default     = "1Gi"

  validation {
    condition     = contains(["1Gi", "2Gi", "4Gi"], var.sweep_memory)
    error_message = "Expected 1Gi, 2Gi or 4Gi."
  }
}

variable "worker_memory" {
  description = "Memory of one worker, which edits one picture at a time: 1Gi, 2Gi, 4Gi (default) or 8Gi. The quota of a new project holds 5 workers of 8Gi: then lower max_workers and both at_once."
  type        = string
  default     = "4Gi"

  validation {
    condition     = contains(["1Gi", "2Gi", "4Gi", "8Gi"], var.worker_memory)
    error_message = "Expected 1Gi, 2Gi, 4Gi or 8Gi."
  }
}

variable "max_workers" {
  description = <<-TEXT
    Most workers, of 2 vCPU and worker_memory each; edit has as many of its own, at most 10. 1 to 1000, default 10. Cloud Run
    refuses a function that could take more than the project's quota in the region. That of a new project is 20 vCPU and 40 GiB.
    For more workers ask for quota first ("Total CPU allocation" and "Total memory allocation, per project per region").
  TEXT
  type        = number
  default     = 10

  validation {
    condition     = var.max_workers >= 1 && var.max_workers <= 1000 && floor(var.max_workers) == var.max_workers
    error_message = "Expected a whole number from 1 to 1000."
  }
  validation {
    condition     = var.max_workers >= var.live_queue.at_once + var.backfill_queue.at_once
    error_message = "Expected a worker for each task, live_queue.at_once + backfill_queue.at_once, and the quota for them."
  }
}

variable "live_queue" {
  description = "Limits of the queue of new uploads: tasks started per second (0.01 to 500, default 2) and tasks at once (1 to 1000, default 8). Keep rate x calls below the quota of the model: 2 a second are 120 calls a minute."
  type        = object({ per_second = number, at_once = number })
  default     = { per_second = 2, at_once = 8 }

  validation {
    condition     = var.live_queue.per_second >= 0.01 && var.live_queue.per_second <= 500
    error_message = "Expected per_second from 0.01 to 500."
  }
  validation {
    condition     = var.live_queue.at_once >= 1 && var.live_queue.at_once <= 1000 && floor(var.live_queue.at_once) == var.live_queue.at_once
    error_message = "Expected at_once as a whole number from 1 to 1000."
  }
}

variable "backfill_queue" {
  description = "The same limits for pairs that the sweep finds: lost events, and pictures that were there before (defaults 0.5 and 2). Both queues share the quota of the model and max_workers."
  type        = object({ per_second = number, at_once = number })
  default     = { per_second = 0.5, at_once = 2 }

  validation {
    condition     = var.backfill_queue.per_second >= 0.01 && var.backfill_queue.per_second <= 500
    error_message = "Expected per_second from 0.01 to 500."
  }
  validation {
    condition     = var.backfill_queue.at_once >= 1 && var.backfill_queue.at_once <= 1000 && floor(var.backfill_queue.at_once) == var.backfill_queue.at_once
    error_message = "Expected at_once as a whole number from 1 to 1000."
  }
}

variable "min_instances" {
  description = "Instances of edit that stay warm, 0 to 10. Each costs money around the clock; 0 (default) costs a cold start."
  type        = number
  default     = 0

  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= 10 && floor(var.min_instances) == var.min_instances
    error_message = "Expected a whole number from 0 to 10."
  }
}

variable "sweep_schedule" {
  description = "Schedule of the sweep in cron notation, UTC. Default: every 10 minutes."
  type        = string
  default     = "*/10 * * * *"

  validation {
    condition     = length(split(" ", var.sweep_schedule)) == 5
    error_message = "Expected five fields, e.g. */10 * * * *."
  }
}

variable "alert_emails" {
  description = "E-mail addresses for alerts. Default: none; alerts then show in the console only."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "Expected e-mail addresses."
  }
}

variable "alert_pair_age_minutes" {
  description = "Minutes after which a complete pair without result or error file raises an alert. 15 to 10080, default 60."
  type        = number
  default     = 60

  validation {
    condition     = var.alert_pair_age_minutes >= 15 && var.alert_pair_age_minutes <= 10080
    error_message = "Expected 15 to 10080."
  }
}

variable "billing_account" {
  description = "Billing account of the project, e.g. 012345-6789AB-CDEF01, for a budget with messages at half, all and more than all of it. Default: null, no budget. Needs the right to manage budgets, and a provider with user_project_override and billing_project."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "Expected an account such as 012345-6789AB-CDEF01, or null."
  }
}

variable "monthly_budget" {
  description = "What the project may cost in a month, in the currency of the billing account, whole units. 1 or more, default 100. It tells and stops nothing: daily_cost_cap_usd stops."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "Expected a whole number of 1 or more."
  }
}

variable "labels" {
  description = "Labels of buckets, functions, topics, subscriptions, images, alerts and channels, beside app and deployment, which are always set. Default: none. Queues, schedules, identities and metrics take none."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Expected lower-case letters, digits, _ and -, at most 63, a letter first in keys."
  }
}

variable "kms_key_name" {
  description = "Your key in Cloud KMS, projects/P/locations/L/keyRings/R/cryptoKeys/K, in the same region: buckets, topics, images and functions are encrypted by it. Default: null, keys of Google. What was made before is not encrypted anew, and topics are made anew."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "Expected projects/P/locations/${var.region}/keyRings/R/cryptoKeys/K, a key in the region of the buckets, or null."
  }
}
