resource "google_cloud_scheduler_job" "sweep" {
  project          = var.project
  name             = "${var.name}-sweep"
  description      = "Finds pairs without a result: those of lost events, and those that were there before."
  region           = var.region
  schedule         = var.sweep_schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "600s"

  # The next sweep does what a failed one left.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = module.sweep.url
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = module.sweep.url
    }
  }

  depends_on = [time_sleep.services]
}
