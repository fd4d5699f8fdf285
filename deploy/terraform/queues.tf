# The same worker behind both; uploads of today never wait behind the backfill of an old bucket.
locals {
  queues = {
    live     = var.live_queue
    backfill = var.backfill_queue
  }
}

resource "google_cloud_tasks_queue" "jobs" {
  for_each = local.queues

  name     = "${var.name}-${each.key}"
  location = var.region

  rate_limits {
    max_dispatches_per_second = each.value.per_second
    max_concurrent_dispatches = each.value.at_once
  }

  retry_config {
    # Without end: Cloud Tasks drops a task whose attempts are used up. The claim decides when a job is over.
    max_attempts = -1
    min_backoff  = "10s"
    max_backoff  = "600s"
  }

  # What the queue answers an attempt with is counted by the job's own log line; here only what never got so far.
  stackdriver_logging_config {
    sampling_ratio = 0.01
  }

  depends_on = [time_sleep.services]
}
