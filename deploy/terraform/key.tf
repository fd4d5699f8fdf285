# With `kms_key_name`, whatever holds pictures, code or names of files is encrypted by that key. Tasks cannot be: they hold names.
locals {
  kms_agents = {
    storage   = "serviceAccount:${data.google_storage_project_service_account.agent.email_address}"
    registry  = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    functions = "serviceAccount:service-${data.google_project.this.number}@gcf-admin-robot.iam.gserviceaccount.com"
    run       = "serviceAccount:service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
    pubsub    = google_project_service_identity.pubsub.member
  }

  # Known after the agents of Google may use it; null without a key.
  kms_key_name = one([for sleep in time_sleep.key : sleep.triggers["name"]])
}

# The agent of Artifact Registry is made when it is first needed, those of functions with their APIs.
resource "google_project_service_identity" "registry" {
  count    = var.kms_key_name == null ? 0 : 1
  provider = google-beta

  project = var.project
  service = "artifactregistry.googleapis.com"

  depends_on = [time_sleep.services]
}

resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = { for name, member in local.kms_agents : name => member if var.kms_key_name != null }

  crypto_key_id = var.kms_key_name
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  depends_on = [google_project_service_identity.registry]
}

resource "time_sleep" "key" {
  count = var.kms_key_name == null ? 0 : 1

  create_duration = "180s"
  triggers        = { name = var.kms_key_name }

  depends_on = [google_kms_crypto_key_iam_member.agents]
}
