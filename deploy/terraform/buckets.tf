# Three distinct buckets: a result in the input bucket would be an upload again.
locals {
  buckets = {
    input   = "${var.project}-${var.name}-input"
    output  = "${var.project}-${var.name}-output"
    control = "${var.project}-${var.name}-control"
    source  = "${var.project}-${var.name}-source"
  }

  # So that costs can be told apart.
  labels = merge({ app = "gcs-inpaint", deployment = var.name }, var.labels)
}

# No lifecycle rule, and no identity of this deployment may delete objects.
resource "google_storage_bucket" "input" {
  project                     = var.project
  name                        = local.buckets.input
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  dynamic "cors" {
    for_each = length(var.page_origins) == 0 ? [] : [var.page_origins]
    content {
      origin          = cors.value
      method          = ["GET", "HEAD", "POST", "PUT"]
      response_header = ["Content-Type", "Location", "x-goog-generation", "x-goog-resumable"]
      max_age_seconds = 3600
    }
  }

  dynamic "encryption" {
    for_each = local.kms_key_name == null ? [] : [local.kms_key_name]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_storage_bucket" "output" {
  project                     = var.project
  name                        = local.buckets.output
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  dynamic "cors" {
    for_each = length(var.page_origins) == 0 ? [] : [var.page_origins]
    content {
      origin          = cors.value
      method          = ["GET", "HEAD"]
      response_header = ["Content-Type"]
      max_age_seconds = 3600
    }
  }

  dynamic "encryption" {
    for_each = local.kms_key_name == null ? [] : [local.kms_key_name]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.services]
}

# Claims and model answers. The manifest in the output bucket records a finished job, so nothing here is needed for long.
resource "google_storage_bucket" "control" {
  project                     = var.project
  name                        = local.buckets.control
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  # Keeping deleted claims would cost more than the claims themselves.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # Tasks live for 31 days at most, and a claim must outlive its task.
  lifecycle_rule {
    condition {
      age = 32
    }
    action {
      type = "Delete"
    }
  }

  dynamic "encryption" {
    for_each = local.kms_key_name == null ? [] : [local.kms_key_name]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.services]
}

# The code of the functions, named by its checksum. The functions never see this bucket.
resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = local.buckets.source
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = local.labels

  dynamic "encryption" {
    for_each = local.kms_key_name == null ? [] : [local.kms_key_name]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.services]
}
