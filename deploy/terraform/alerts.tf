resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [time_sleep.services]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  # An alert fires when more than `above` of these are counted within the window.
  alerts = {
    overdue = {
      title  = "A pair has no result"
      filter = local.metric["overdue"]
      above  = 0
      window = "1800s"
      help   = "A complete pair has had neither manifest.json nor error.json for ${var.alert_pair_age_minutes} minutes. Look at the depth and the attempts of the queues on the dashboard: do tasks wait, or do they fail with a code?"
    }
    failed = {
      title  = "Jobs fail"
      filter = "${local.metric["jobs"]} AND metric.labels.outcome=\"failed\""
      # A bad export now and then is no incident.
      above  = 10
      window = "3600s"
      help   = "More than 10 jobs of one hour ended with an error.json in the output bucket. Each names a code, what was expected and a remedy. Many with one code have one cause."
    }
    model_retired = {
      title  = "The model is gone"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"MODEL_RETIRED\""
      above  = 0
      window = "600s"
      help   = "Set the variable `model` to a model that is served, and apply. Jobs wait and keep their budgets."
    }
    rights = {
      title  = "A right, a setting or a file is missing"
      filter = "${local.metric["faults"]} AND metric.labels.code=one_of(\"MODEL_INCOMPATIBLE\", \"MODEL_PERMISSION\", \"STORAGE_PERMISSION\", \"QUEUE_PERMISSION\", \"TOPIC_PERMISSION\", \"DELIVERY_PERMISSION\", \"CONFIG_INVALID\", \"MODEL_MISSING\", \"MODEL_CHECKSUM\", \"MODEL_CONTRACT\", \"MODEL_TOO_LARGE\")"
      above  = 0
      window = "600s"
      help   = "The lines with this code say what was refused. Apply again: this restores what somebody changed by hand. Jobs wait."
    }
    storm = {
      title  = "The model declines everything"
      filter = "${local.metric["faults"]} AND metric.labels.code=one_of(\"POLICY_STORM\", \"REJECTION_STORM\")"
      above  = 0
      window = "600s"
      help   = "Many refusals in a row have a common cause: look at the latest error files, at prompts and safety settings. Jobs wait for minutes at a time."
    }
    cost_cap = {
      title  = "The day's cost cap is reached"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"COST_CAP_REACHED\""
      above  = 0
      window = "3600s"
      help   = "Jobs wait until midnight UTC. Raise `daily_cost_cap_usd` and apply to go on now."
    }
    circuit_open = {
      title  = "The model is not called at the moment"
      filter = local.metric["circuit_open"]
      above  = 0
      window = "600s"
      help   = "Every call ended with the same code, so an instance pauses for minutes and then tries one call. The label `code` names it; the alert on that code says what to do."
    }
    bugs = {
      title  = "A fault of this program"
      filter = "${local.metric["faults"]} AND metric.labels.code=one_of(\"INTERNAL\", \"NOT_EXACT\", \"SHAPE_MISMATCH\")"
      above  = 0
      window = "600s"
      help   = "Error Reporting has the stack. No unproved result was published."
    }
    out_of_memory = {
      title  = "An instance ran out of memory"
      filter = local.metric["out_of_memory"]
      above  = 0
      window = "600s"
      help   = "Raise `worker_memory`, or lower MAX_IMAGE_PIXELS in `settings`. A picture that kills its worker fails after MAX_ATTEMPTS."
    }
  }
}

resource "google_monitoring_alert_policy" "counts" {
  for_each = local.alerts

  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"

      aggregations {
        alignment_period     = each.value.window
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = each.value.help
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.metrics]
}

# A few 429 are normal for a queue at the limit of its quota. When most attempts get one, the queue is too fast.
resource "google_monitoring_alert_policy" "quota" {
  display_name          = "${var.name}: The model's quota is too small"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "Over a third of attempts end with 429"

    condition_threshold {
      filter             = "${local.metric["jobs"]} AND metric.labels.code=\"MODEL_QUOTA\""
      denominator_filter = local.metric["jobs"]
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.33
      duration           = "900s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Lower `per_second` of `live_queue` and `backfill_queue`, or ask for more quota of the model. Jobs are slower; none fails."
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.metrics]
}

resource "google_monitoring_alert_policy" "memory" {
  display_name          = "${var.name}: Memory is nearly full"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "Over 85 % of the memory of an instance"

    condition_threshold {
      filter          = "metric.type=\"run.googleapis.com/container/memory/utilizations\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${local.services}\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 0.85
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_PERCENTILE_99"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    content   = "Raise `worker_memory`, or lower MAX_IMAGE_PIXELS in `settings`."
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.services]
}

# Without the sweep nobody notices a lost event, and the alert on old pairs cannot fire.
resource "google_monitoring_alert_policy" "no_sweep" {
  display_name          = "${var.name}: The sweep does not run"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "No sweep has ended for two hours"

    condition_absent {
      filter   = local.metric["oldest_open_ms"]
      duration = "7200s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_COUNT"
      }
    }
  }

  documentation {
    content   = "Look at the job ${var.name}-sweep of Cloud Scheduler and at the lines of the function ${var.name}-sweep."
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.metrics]
}
