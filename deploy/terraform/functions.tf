locals {
  # "gemini:some-model" -> ["gemini", "some-model"]
  engine = split(":", var.model)[0]
  model  = join(":", slice(split(":", var.model), 1, length(split(":", var.model))))

  # True when the engine, or one that a request may name instead, makes whole pictures.
  makes_pictures = can(regex("gemini|image", "${local.engine},${lookup(var.settings, "ALLOWED_MODELS", "")}"))

  # The functions that people and programs call.
  http = {
    edit     = { memory = var.worker_memory, cpu = 2, concurrency = 1, min_instances = var.min_instances, max_instances = max(var.min_instances, min(10, var.max_workers)), description = "Edits a photo through its mask." }
    mask     = { memory = var.worker_memory, cpu = 2, concurrency = 1, min_instances = 0, max_instances = min(10, var.max_workers), description = "Finds a mask in a photo." }
    generate = { memory = "1Gi", cpu = 1, concurrency = 4, min_instances = 0, max_instances = 10, description = "Makes pictures from text." }
    upscale  = { memory = "1Gi", cpu = 1, concurrency = 4, min_instances = 0, max_instances = 10, description = "Enlarges a picture." }
  }

  engine_settings = merge(
    var.settings,
    {
      GOOGLE_CLOUD_PROJECT = var.project
      ENGINE               = local.engine
      MODEL_TIER           = var.tier
      # Where the cost of the day is counted, over all functions.
      CONTROL_BUCKET     = google_storage_bucket.control.name
      DAILY_COST_CAP_USD = var.daily_cost_cap_usd == null ? "none" : tostring(var.daily_cost_cap_usd)
    },
    local.model == "" ? {} : { MODEL = local.model },
  )
  engine_secrets = var.http_engine_secret == null ? {} : { HTTP_ENGINE_SECRET = var.http_engine_secret }
  job_settings = merge(local.engine_settings, {
    INPUT_BUCKET  = google_storage_bucket.input.name
    OUTPUT_BUCKET = google_storage_bucket.output.name
  })
  # A function that queues a job names the target of the task and the identity that it carries.
  queue_settings = merge(local.job_settings, {
    RUN_JOB_URL           = module.run_job.url
    TASKS_SERVICE_ACCOUNT = google_service_account.tasks.email
  })

  # What is done when a job has ended.
  end_settings = merge(
    { DELIVERY = var.delivery },
    var.results_topic == null ? {} : { RESULTS_TOPIC = google_pubsub_topic.results[0].id },
  )

  common = {
    project      = var.project
    prefix       = var.name
    region       = var.region
    bucket       = google_storage_bucket.source.name
    object       = google_storage_bucket_object.source.name
    repository   = google_artifact_registry_repository.images.id
    builder      = time_sleep.builder.triggers["id"]
    labels       = local.labels
    kms_key_name = local.kms_key_name
  }

  # Lease 15 min > task 10 min > this timeout 9 min > deadline of the code 8 min 30 s.
  timeout_seconds = 540
  # A flex call may wait for half an hour, and so does Cloud Tasks at most: lease 36 min > task 30 min > timeout > deadline.
  model_timeouts = { standard = local.timeout_seconds, priority = local.timeout_seconds, flex = 1790 }
}

# Finds the pair and queues it. It mostly waits for storage, so an instance takes many requests at once.
module "on_upload" {
  source     = "./function"
  depends_on = [time_sleep.services]

  common          = local.common
  name            = "on-upload"
  entry_point     = "onUpload"
  description     = "Queues the job of the pair that an upload completes."
  memory          = "512Mi"
  cpu             = 1
  concurrency     = 16
  timeout_seconds = 120
  min_instances   = 0
  max_instances   = 20
  ingress         = "ALLOW_INTERNAL_ONLY"
  invokers        = { trigger = google_service_account.trigger.member }
  environment     = merge(local.queue_settings, { TASKS_QUEUE = google_cloud_tasks_queue.jobs["live"].id })
  secrets         = local.engine_secrets
}

# One picture at a time, which uses the memory and both CPUs.
module "run_job" {
  source     = "./function"
  depends_on = [time_sleep.services]

  common          = local.common
  name            = "run-job"
  entry_point     = "runJob"
  description     = "Runs the job of a task."
  memory          = var.worker_memory
  cpu             = 2
  concurrency     = 1
  timeout_seconds = local.model_timeouts[var.tier]
  min_instances   = 0
  # As many as the queues start at once, and some for jobs that a timeout left behind; within the quota.
  max_instances = min(var.max_workers, ceil((var.live_queue.at_once + var.backfill_queue.at_once) * 6 / 5))
  ingress       = "ALLOW_INTERNAL_ONLY"
  invokers      = { tasks = google_service_account.tasks.member }
  environment   = merge(local.job_settings, local.end_settings)
  secrets       = local.engine_secrets
}

# One instance: a second sweep would only find that the cursor has moved.
module "sweep" {
  source     = "./function"
  depends_on = [time_sleep.services]

  common          = local.common
  name            = "sweep"
  entry_point     = "sweep"
  description     = "Finds pairs without a result and queues them."
  memory          = var.sweep_memory
  cpu             = 1
  concurrency     = 1
  timeout_seconds = local.timeout_seconds
  min_instances   = 0
  max_instances   = 1
  ingress         = "ALLOW_INTERNAL_ONLY"
  invokers        = { scheduler = google_service_account.scheduler.member }
  environment     = merge(local.queue_settings, local.end_settings, { TASKS_QUEUE = google_cloud_tasks_queue.jobs["backfill"].id })
  secrets         = local.engine_secrets
}

# Jobs over HTTP: it queues them, and edits nothing itself.
module "studio" {
  source     = "./function"
  depends_on = [time_sleep.services]

  for_each = var.studio.enabled ? { on = true } : {}

  common          = local.common
  name            = "studio"
  entry_point     = "studio"
  description     = "Takes jobs over HTTP."
  memory          = "1Gi"
  cpu             = 1
  concurrency     = 40
  timeout_seconds = local.timeout_seconds
  min_instances   = 0
  max_instances   = 10
  ingress         = var.ingress
  invokers = merge(
    var.studio.iap ? { iap = local.iap_agent } : {},
    { for member in local.studio_members : member => member if !var.studio.iap },
  )
  environment = merge(local.queue_settings, { TASKS_QUEUE = google_cloud_tasks_queue.jobs["live"].id, STUDIO = "on" })
}

# These know no bucket with pictures: callers send them. They count what they spend in the control bucket.
module "http" {
  source     = "./function"
  depends_on = [time_sleep.services]

  for_each = { for name, row in local.http : name => row if contains(["edit", "mask"], name) || local.makes_pictures }

  common          = local.common
  name            = each.key
  entry_point     = each.key
  description     = each.value.description
  memory          = each.value.memory
  cpu             = each.value.cpu
  concurrency     = each.value.concurrency
  timeout_seconds = local.model_timeouts[var.tier]
  min_instances   = each.value.min_instances
  max_instances   = each.value.max_instances
  ingress         = var.ingress
  invokers        = { for member in var.users : member => member }
  environment     = local.engine_settings
  secrets         = each.key == "edit" ? local.engine_secrets : {}
}
