terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
    time = {
      source = "hashicorp/time"
    }
  }
}

# A function with its own identity and its callers.
locals {
  name = "${var.common.prefix}-${var.name}"
}

resource "google_service_account" "this" {
  project      = var.common.project
  account_id   = local.name
  display_name = "Runs ${var.entry_point}"
}

# A new identity takes a while to be known everywhere, and nothing can run as one that is not.
resource "time_sleep" "account" {
  create_duration = "180s"
  triggers        = { email = google_service_account.this.email }
}

resource "google_cloudfunctions2_function" "this" {
  project      = var.common.project
  name         = local.name
  location     = var.common.region
  description  = var.description
  labels       = var.common.labels
  kms_key_name = var.common.kms_key_name

  # An instance cannot start without the values of its secrets.
  depends_on = [google_secret_manager_secret_iam_member.secrets]

  build_config {
    runtime           = "nodejs24"
    entry_point       = var.entry_point
    docker_repository = var.common.repository
    service_account   = var.common.builder

    source {
      storage_source {
        bucket = var.common.bucket
        object = var.common.object
      }
    }
  }

  service_config {
    available_memory                 = var.memory
    available_cpu                    = var.cpu
    max_instance_request_concurrency = var.concurrency
    timeout_seconds                  = var.timeout_seconds
    min_instance_count               = var.min_instances
    max_instance_count               = var.max_instances
    ingress_settings                 = var.ingress
    all_traffic_on_latest_revision   = true
    service_account_email            = time_sleep.account.triggers["email"]

    environment_variables = merge(var.environment, {
      # Without it the framework answers errors with a page of paths.
      NODE_ENV = "production"
      # Else each thread of libvips keeps memory of its own: up to half more for a large picture, and no time saved.
      MALLOC_ARENA_MAX = "1"
      # Else three times as much for young objects, which are few beside the pictures.
      NODE_OPTIONS = "--max-semi-space-size=8"
      # A timeout of the platform does not stop the code, so the code stops itself earlier.
      EDIT_DEADLINE_MS = (var.timeout_seconds - 30) * 1000
    })

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.common.project
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "secrets" {
  for_each = toset(values(var.secrets))

  project   = var.common.project
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_cloud_run_v2_service_iam_member" "invokers" {
  for_each = var.invokers

  project  = var.common.project
  location = var.common.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.value
}
