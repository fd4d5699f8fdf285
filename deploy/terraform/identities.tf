# Each function has its identity beside it in ./function. Each service that calls a function has one here. This file gives all of
# them their rights; nobody may delete or overwrite an object, but for deliveries below delivered/ in the output bucket.

resource "google_service_account" "trigger" {
  project      = var.project
  account_id   = "${var.name}-trigger"
  display_name = "Delivers uploads to onUpload"

  depends_on = [time_sleep.services]
}

resource "google_service_account" "tasks" {
  project      = var.project
  account_id   = "${var.name}-tasks"
  display_name = "Carries tasks of the queues to runJob"

  depends_on = [time_sleep.services]
}

resource "google_service_account" "scheduler" {
  project      = var.project
  account_id   = "${var.name}-scheduler"
  display_name = "Calls sweep"

  depends_on = [time_sleep.services]
}

resource "google_service_account" "builder" {
  project      = var.project
  account_id   = "${var.name}-builder"
  display_name = "Builds the functions"

  depends_on = [time_sleep.services]
}

# Claims change by compare-and-swap of their metadata. Replacing an object would need the right to delete it.
resource "google_project_iam_custom_role" "control" {
  project     = var.project
  role_id     = "${replace(var.name, "-", "_")}_control"
  title       = "Claims of ${var.name}"
  description = "Creates objects, reads them and changes their metadata; neither deletes nor overwrites."
  permissions = [
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.update",
  ]

  depends_on = [time_sleep.services]
}

# Every predefined role with this permission also creates and deletes models, endpoints and jobs.
resource "google_project_iam_custom_role" "ask_model" {
  project     = var.project
  role_id     = "${replace(var.name, "-", "_")}_ask_model"
  title       = "Calls of models by ${var.name}"
  description = "Asks a model for an answer, no more."
  permissions = ["aiplatform.endpoints.predict"]

  depends_on = [time_sleep.services]
}

resource "google_project_iam_custom_role" "send_batches" {
  project     = var.project
  role_id     = "${replace(var.name, "-", "_")}_send_batches"
  title       = "Batches of ${var.name}"
  description = "Submits batches of calls of models, and reads what became of them."
  permissions = [
    "aiplatform.batchPredictionJobs.create",
    "aiplatform.batchPredictionJobs.get",
    "aiplatform.batchPredictionJobs.list",
  ]

  depends_on = [time_sleep.services]
}

# The sweep sends pictures in batches, where BATCH is on.
locals {
  batches = lookup(var.settings, "BATCH", "off") == "on" ? 1 : 0
}

resource "google_project_iam_member" "sweep_sends_batches" {
  count = local.batches

  project = var.project
  role    = google_project_iam_custom_role.send_batches.id
  member  = module.sweep.member
}

# It begins jobs then, and a file that nothing can be made of gets its error file.
resource "google_storage_bucket_iam_member" "sweep_ends_jobs" {
  count = local.batches

  bucket = google_storage_bucket.output.name
  role   = local.create
  member = module.sweep.member
}

# To replace an older delivery takes the right to delete it.
resource "google_project_iam_custom_role" "deliver" {
  count = var.delivery == "flat" ? 1 : 0

  project     = var.project
  role_id     = "${replace(var.name, "-", "_")}_deliver"
  title       = "Deliveries of ${var.name}"
  description = "Creates and replaces objects; given for delivered/ alone."
  permissions = [
    "storage.objects.create",
    "storage.objects.delete",
  ]

  depends_on = [time_sleep.services]
}

locals {
  read   = "roles/storage.objectViewer"
  create = "roles/storage.objectCreator"

  bucket_rights = {
    on_upload_input = { bucket = google_storage_bucket.input.name, role = local.read, member = module.on_upload.member }
    run_job_input   = { bucket = google_storage_bucket.input.name, role = local.read, member = module.run_job.member }
    run_job_output  = { bucket = google_storage_bucket.output.name, role = local.read, member = module.run_job.member }
    run_job_publish = { bucket = google_storage_bucket.output.name, role = local.create, member = module.run_job.member }
    run_job_control = { bucket = google_storage_bucket.control.name, role = google_project_iam_custom_role.control.id, member = module.run_job.member }
    sweep_input     = { bucket = google_storage_bucket.input.name, role = local.read, member = module.sweep.member }
    sweep_output    = { bucket = google_storage_bucket.output.name, role = local.read, member = module.sweep.member }
    sweep_control   = { bucket = google_storage_bucket.control.name, role = google_project_iam_custom_role.control.id, member = module.sweep.member }
  }
}

resource "google_storage_bucket_iam_member" "functions" {
  for_each = local.bucket_rights

  bucket = each.value.bucket
  role   = each.value.role
  member = each.value.member
}

# Those that tell of the ends of jobs, and deliver: the sweep does what a run could not.
locals {
  tellers = {
    run_job = module.run_job.member
    sweep   = module.sweep.member
  }
}

resource "google_storage_bucket_iam_member" "deliver" {
  for_each = { for name, member in local.tellers : name => member if var.delivery == "flat" }

  bucket = google_storage_bucket.output.name
  role   = google_project_iam_custom_role.deliver[0].id
  member = each.value

  condition {
    title      = "Deliveries only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.output.name}/objects/delivered/\")"
  }
}

resource "google_pubsub_topic_iam_member" "results" {
  for_each = { for name, member in local.tellers : name => member if var.results_topic != null }

  project = var.project
  topic   = google_pubsub_topic.results[0].name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

# The studio writes uploads, ends a job by an error file, and keeps records of jobs and keys.
locals {
  studio_rights = {
    see_input  = { bucket = google_storage_bucket.input.name, role = local.read }
    upload     = { bucket = google_storage_bucket.input.name, role = local.create }
    see_output = { bucket = google_storage_bucket.output.name, role = local.read }
    end_jobs   = { bucket = google_storage_bucket.output.name, role = local.create }
    records    = { bucket = google_storage_bucket.control.name, role = google_project_iam_custom_role.control.id }
  }
}

resource "google_storage_bucket_iam_member" "studio" {
  for_each = { for name, right in local.studio_rights : name => right if var.studio.enabled }

  bucket = each.value.bucket
  role   = each.value.role
  member = module.studio["on"].member
}

resource "google_cloud_tasks_queue_iam_member" "studio" {
  count = var.studio.enabled ? 1 : 0

  project  = var.project
  name     = google_cloud_tasks_queue.jobs["live"].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = module.studio["on"].member
}

resource "google_service_account_iam_member" "studio_acts_as_tasks" {
  count = var.studio.enabled ? 1 : 0

  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = module.studio["on"].member
}

# Behind IAP people log in with a browser, and IAP calls the studio in their place. Its resource is named by the project's number.
locals {
  studio_members = length(var.studio.members) > 0 ? var.studio.members : var.users
  iap_agent      = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_project_service_identity" "iap" {
  count    = var.studio.enabled && var.studio.iap ? 1 : 0
  provider = google-beta

  project = var.project
  service = "iap.googleapis.com"

  depends_on = [time_sleep.services]
}

resource "google_iap_web_cloud_run_service_iam_member" "studio" {
  for_each = toset([for member in local.studio_members : member if var.studio.enabled && var.studio.iap])

  project                = data.google_project.this.number
  location               = var.region
  cloud_run_service_name = module.studio["on"].service
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value

  depends_on = [google_project_service_identity.iap]
}

# People upload photos and fetch results.
resource "google_storage_bucket_iam_member" "users_upload" {
  for_each = var.users

  bucket = google_storage_bucket.input.name
  role   = local.create
  member = each.value
}

resource "google_storage_bucket_iam_member" "users_see_input" {
  for_each = var.users

  bucket = google_storage_bucket.input.name
  role   = local.read
  member = each.value
}

resource "google_storage_bucket_iam_member" "users_fetch" {
  for_each = var.users

  bucket = google_storage_bucket.output.name
  role   = local.read
  member = each.value
}

# Who queues tasks in which queue. Giving a task an identity needs the right to act as that identity.
resource "google_cloud_tasks_queue_iam_member" "enqueuers" {
  for_each = {
    live     = module.on_upload.member
    backfill = module.sweep.member
  }

  project  = var.project
  name     = google_cloud_tasks_queue.jobs[each.key].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

resource "google_service_account_iam_member" "enqueuers_act_as_tasks" {
  for_each = {
    live     = module.on_upload.member
    backfill = module.sweep.member
  }

  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

# Only functions that call a model. Not every deployment has generate and upscale.
locals {
  model_callers = {
    run_job  = module.run_job.member
    edit     = module.http["edit"].member
    mask     = module.http["mask"].member
    generate = try(module.http["generate"].member, null)
    upscale  = try(module.http["upscale"].member, null)
  }
}

resource "google_project_iam_member" "model" {
  for_each = { for name, member in local.model_callers : name => member if name == "run_job" || contains(keys(module.http), name) }

  project = var.project
  role    = google_project_iam_custom_role.ask_model.id
  member  = each.value
}

# What HTTP functions spend counts for the cap of the day. They see nothing else of the control bucket.
resource "google_storage_bucket_iam_member" "http_counts_costs" {
  for_each = { for name, member in local.model_callers : name => member if name != "run_job" && contains(keys(module.http), name) }

  bucket = google_storage_bucket.control.name
  role   = google_project_iam_custom_role.control.id
  member = each.value

  condition {
    title      = "Costs of the day only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.control.name}/objects/cost/\")"
  }
}

# Pub/Sub calls onUpload with a token of the trigger's identity. Agents that were made before April 2021 may not do so by themselves,
# and then no event arrives, without a word.
resource "google_service_account_iam_member" "pubsub_makes_tokens" {
  service_account_id = google_service_account.trigger.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}

# Messages that were delivered in vain move from the subscription to the topic of dead letters.
resource "google_pubsub_subscription_iam_member" "pubsub_takes_from_uploads" {
  project      = var.project
  subscription = google_pubsub_subscription.uploads.name
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}

resource "google_pubsub_topic_iam_member" "pubsub_keeps_dead_letters" {
  project = var.project
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = google_project_service_identity.pubsub.member
}

# The service agent of Cloud Storage publishes events.
data "google_storage_project_service_account" "agent" {
  project = var.project

  depends_on = [time_sleep.services]
}

resource "google_pubsub_topic_iam_member" "storage_publishes" {
  project = var.project
  topic   = google_pubsub_topic.uploads.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${data.google_storage_project_service_account.agent.email_address}"
}

resource "time_sleep" "events" {
  create_duration = "180s"

  depends_on = [
    google_pubsub_topic_iam_member.storage_publishes,
    google_service_account_iam_member.pubsub_makes_tokens,
  ]
}

resource "google_project_iam_member" "builder_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}

resource "google_artifact_registry_repository_iam_member" "builder_images" {
  project    = var.project
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

# Cloud Run functions first copies the code into its own bucket, which does not exist before the first deployment.
resource "google_project_iam_member" "builder_source" {
  project = var.project
  role    = local.read
  member  = google_service_account.builder.member

  condition {
    title      = "Code of functions only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-\")"
  }
}

# A new right takes minutes to be known everywhere, and a build without it fails. What builds takes the identity from here.
resource "time_sleep" "builder" {
  create_duration = "180s"
  triggers        = { id = google_service_account.builder.id }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder_images,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_source,
  ]
}
