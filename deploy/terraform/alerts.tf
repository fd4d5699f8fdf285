resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [time_sleep.services]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  # More than `above` of these within the window.
  alerts = {
    overdue = {
      title  = "A pair has no result"
      filter = local.metric["overdue"]
      above  = 0
      window = "1800s"
      help   = "A complete pair has had neither manifest.json nor error.json for ${var.alert_pair_age_minutes} minutes. Look at the depth and the attempts of the queues on the dashboard: are tasks waiting, or put off with a code?"
    }
    failed = {
      title  = "Jobs fail"
      filter = "${local.metric["jobs"]} AND metric.labels.outcome=\"failed\""
      # Somebody's bad export now and then is no incident.
      above  = 10
      window = "3600s"
      help   = "More than 10 jobs of one hour ended with an error.json in the output bucket. Each names a code, what was expected and a remedy; many of one code have one cause."
    }
    model_retired = {
      title  = "The model is gone"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"MODEL_RETIRED\""
      above  = 0
      window = "600s"
      help   = "Set the variable `model` to one that is served, and apply. Jobs wait for it and keep their budgets."
    }
    rights = {
      title  = "A right or a setting is missing"
      filter = "${local.metric["faults"]} AND metric.labels.code=one_of(\"MODEL_PERMISSION\", \"STORAGE_PERMISSION\", \"QUEUE_PERMISSION\", \"CONFIG_INVALID\")"
      above  = 0
      window = "600s"
      help   = "The lines with this code say what was refused. Apply again: what somebody changed by hand is put right. Jobs wait for it."
    }
    storm = {
      title  = "The model declines everything"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"POLICY_STORM\""
      above  = 0
      window = "600s"
      help   = "Many refusals in a row are no accident of the pictures: look at the latest error files, at prompts and safety settings. Jobs wait for minutes at a time."
    }
    cost_cap = {
      title  = "The day's cost cap is reached"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"COST_CAP_REACHED\""
      above  = 0
      window = "3600s"
      help   = "Jobs wait until midnight UTC. Raise `daily_cost_cap_usd` and apply to go on now."
    }
    circuit_open = {
      title  = "The model is not asked at the moment"
      filter = local.metric["circuit_open"]
      above  = 0
      window = "600s"
      help   = "Every call ended the same way, so that an instance pauses for minutes and then tries one. The label `code` says which way; the alert on that code says what to do."
    }
    bugs = {
      title  = "A fault of this program"
      filter = "${local.metric["faults"]} AND metric.labels.code=one_of(\"INTERNAL\", \"NOT_EXACT\", \"SHAPE_MISMATCH\")"
      above  = 0
      window = "600s"
      help   = "Error Reporting has the stack. Nothing that could not be proved was published."
    }
    out_of_memory = {
      title  = "An instance ran out of memory"
      filter = local.metric["out_of_memory"]
      above  = 0
      window = "600s"
      help   = "Raise `worker_memory`, or lower MAX_IMAGE_PIXELS in `settings`. A picture that kills its worker is given up after MAX_ATTEMPTS."
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

# Some 429 are what a queue at the limit of a quota looks like; most of them are a queue set too fast.
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
    content   = "Lower `per_second` of `live_queue` and `backfill_queue`, or ask for more quota of the model. Jobs are slowed, none fails by it."
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

# Without the sweep nobody notices a lost event, and the alert on old pairs is blind.
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
