locals {
  apis = [
    "aiplatform.googleapis.com",
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ]
}

resource "google_project_service" "needed" {
  for_each = toset(concat(
    local.apis,
    var.studio.iap ? ["iap.googleapis.com"] : [],
    var.billing_account == null ? [] : ["billingbudgets.googleapis.com"],
  ))

  project = var.project
  service = each.value
  # Other parts of the project may use it too.
  disable_on_destroy = false
}

# A newly enabled API and its service agents take a while to be known everywhere.
resource "time_sleep" "services" {
  create_duration = "60s"

  depends_on = [google_project_service.needed]
}

# Pub/Sub acts as this agent. It is made when it is first needed, which is too late to give it rights.
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  project = var.project
  service = "pubsub.googleapis.com"

  depends_on = [time_sleep.services]
}
