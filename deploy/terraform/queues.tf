# Both feed the same worker. New uploads never wait behind the backfill of an old bucket.
locals {
  queues = {
    live     = var.live_queue
    backfill = var.backfill_queue
  }
}

resource "google_cloud_tasks_queue" "jobs" {
  for_each = local.queues

  project  = var.project
  name     = "${var.name}-${each.key}"
  location = var.region

  rate_limits {
    max_dispatches_per_second = each.value.per_second
    max_concurrent_dispatches = each.value.at_once
  }

  retry_config {
    # Unlimited, because Cloud Tasks drops a task after its last attempt. The claim decides when a job ends.
    max_attempts = -1
    min_backoff  = "10s"
    max_backoff  = "600s"
  }

  # The log lines of jobs count attempts. This samples the attempts that never reach a job.
  stackdriver_logging_config {
    sampling_ratio = 0.01
  }

  depends_on = [time_sleep.services]
}
