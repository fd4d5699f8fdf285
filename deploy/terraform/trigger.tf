# Eventarc's own trigger repeats a failed delivery for 24 hours. `event_trigger` of a function would not unless told to, and then a
# passing error would lose the event.
resource "google_eventarc_trigger" "upload" {
  name            = "${var.name}-upload"
  location        = var.region
  service_account = google_service_account.trigger.email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }
  matching_criteria {
    attribute = "bucket"
    value     = google_storage_bucket.input.name
  }

  destination {
    cloud_run_service {
      service = module.on_upload.service
      region  = var.region
    }
  }

  depends_on = [
    google_project_iam_member.event_receiver,
    google_project_iam_member.storage_publishes,
    module.on_upload,
  ]
}
