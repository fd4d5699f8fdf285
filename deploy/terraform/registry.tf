# Every deployment leaves an image of some 150 MB.
resource "google_artifact_registry_repository" "images" {
  project       = var.project
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions."
  kms_key_name  = local.kms_key_name
  labels        = local.labels

  cleanup_policies {
    id     = "keep-latest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "604800s"
    }
  }

  depends_on = [time_sleep.services]
}
