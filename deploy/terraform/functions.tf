locals {
  # "gemini:some-model" -> ["gemini", "some-model"]
  engine = split(":", var.model)[0]
  model  = join(":", slice(split(":", var.model), 1, length(split(":", var.model))))

  # Who makes whole pictures: the engine, or one that a request may name instead (lib/wiring/engines.ts).
  makes_pictures = can(regex("gemini|image", "${local.engine},${lookup(var.settings, "ALLOWED_MODELS", "")}"))

  # What people and programs call.
  http = {
    edit     = { memory = var.worker_memory, cpu = 2, concurrency = 1, min_instances = var.min_instances, max_instances = max(var.min_instances, min(10, var.max_workers)), description = "A photo and its mask -> the edited photo." }
    generate = { memory = "1Gi", cpu = 1, concurrency = 4, min_instances = 0, max_instances = 10, description = "Text -> pictures." }
    upscale  = { memory = "1Gi", cpu = 1, concurrency = 4, min_instances = 0, max_instances = 10, description = "A picture -> a larger one." }
  }

  engine_settings = merge(
    var.settings,
    { GOOGLE_CLOUD_PROJECT = var.project, ENGINE = local.engine },
    local.model == "" ? {} : { MODEL = local.model },
  )
  job_settings = merge(
    local.engine_settings,
    {
      INPUT_BUCKET   = google_storage_bucket.input.name
      OUTPUT_BUCKET  = google_storage_bucket.output.name
      CONTROL_BUCKET = google_storage_bucket.control.name
    },
    var.daily_cost_cap_usd == null ? {} : { DAILY_COST_CAP_USD = var.daily_cost_cap_usd },
  )
  # Whoever queues a job says where its task goes and whose identity it carries.
  queue_settings = merge(local.job_settings, {
    RUN_JOB_URL           = module.run_job.url
    TASKS_SERVICE_ACCOUNT = google_service_account.tasks.email
  })

  common = {
    project    = var.project
    prefix     = var.name
    region     = var.region
    bucket     = google_storage_bucket.source.name
    object     = google_storage_bucket_object.source.name
    repository = google_artifact_registry_repository.images.id
    builder    = google_service_account.builder.id
  }

  # Lease 15 min > task 10 min > this 9 min > the code's own deadline 8 min 30 s.
  timeout_seconds = 540
}

# Looks at the pair and queues it: a second of waiting for storage, many at a time.
module "on_upload" {
  source     = "./function"
  depends_on = [time_sleep.builder]

  common          = local.common
  name            = "on-upload"
  entry_point     = "onUpload"
  description     = "An upload -> the job of the pair it completes."
  memory          = "512Mi"
  cpu             = 1
  concurrency     = 16
  timeout_seconds = 120
  min_instances   = 0
  max_instances   = 20
  ingress         = "ALLOW_INTERNAL_ONLY"
  invokers        = { trigger = google_service_account.trigger.member }
  environment     = merge(local.queue_settings, { TASKS_QUEUE = google_cloud_tasks_queue.jobs["live"].id })
}

# One picture at a time: memory and both CPUs are its own.
module "run_job" {
  source     = "./function"
  depends_on = [time_sleep.builder]

  common          = local.common
  name            = "run-job"
  entry_point     = "runJob"
  description     = "A task -> its job, seen through."
  memory          = var.worker_memory
  cpu             = 2
  concurrency     = 1
  timeout_seconds = local.timeout_seconds
  min_instances   = 0
  # As many as the queues start at once, and some for those that a timeout left behind: within the quota.
  max_instances = min(var.max_workers, ceil((var.live_queue.at_once + var.backfill_queue.at_once) * 6 / 5))
  ingress       = "ALLOW_INTERNAL_ONLY"
  invokers      = { tasks = google_service_account.tasks.member }
  environment   = local.job_settings
}

# Alone: a second sweep would only find the cursor moved.
module "sweep" {
  source     = "./function"
  depends_on = [time_sleep.builder]

  common          = local.common
  name            = "sweep"
  entry_point     = "sweep"
  description     = "Looks for pairs without a result and queues them."
  memory          = "1Gi"
  cpu             = 1
  concurrency     = 1
  timeout_seconds = local.timeout_seconds
  min_instances   = 0
  max_instances   = 1
  ingress         = "ALLOW_INTERNAL_ONLY"
  invokers        = { scheduler = google_service_account.scheduler.member }
  environment     = merge(local.queue_settings, { TASKS_QUEUE = google_cloud_tasks_queue.jobs["backfill"].id })
}

# They know no bucket: callers send the pictures.
module "http" {
  source     = "./function"
  depends_on = [time_sleep.builder]

  for_each = { for name, row in local.http : name => row if name == "edit" || local.makes_pictures }

  common          = local.common
  name            = each.key
  entry_point     = each.key
  description     = each.value.description
  memory          = each.value.memory
  cpu             = each.value.cpu
  concurrency     = each.value.concurrency
  timeout_seconds = local.timeout_seconds
  min_instances   = each.value.min_instances
  max_instances   = each.value.max_instances
  ingress         = var.ingress
  invokers        = { for member in var.users : member => member }
  environment     = local.engine_settings
}
