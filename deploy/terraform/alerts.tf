resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = var.project
  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = local.labels

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
    foreign_events = {
      title  = "Events arrive that are none"
      filter = "${local.metric["faults"]} AND metric.labels.code=\"EVENT_INVALID\""
      above  = 0
      window = "600s"
      help   = "Something calls onUpload with other events than those of finalized objects of the input bucket; they are acknowledged without work. The lines with this code say what was expected."
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

  project               = var.project
  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

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
  project               = var.project
  display_name          = "${var.name}: The model's quota is too small"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

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
  project               = var.project
  display_name          = "${var.name}: Memory is nearly full"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

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

# Without the sweep nobody notices a lost event, and the alert on old pairs cannot fire. A condition on missing data needs data first
# and looks back 23.5 hours at most; this query also sees that there never was a sweep.
locals {
  cron = split(" ", var.sweep_schedule)
  # Minutes between two sweeps, for the usual schedules: every so many minutes, hourly, every so many hours, daily; else a week.
  sweep_minutes = (
    join(" ", slice(local.cron, 2, 5)) != "* * *" ? 10080 :
    can(regex("^\\*/\\d+$", local.cron[1])) ? 60 * tonumber(regex("\\d+", local.cron[1])) :
    local.cron[1] != "*" ? 1440 :
    can(regex("^\\*/\\d+$", local.cron[0])) ? tonumber(regex("\\d+", local.cron[0])) : 60
  )
  # Two missed in a row where they are frequent, one where they are rare.
  sweep_window_minutes = max(120, local.sweep_minutes + 60)
}

resource "google_monitoring_alert_policy" "no_sweep" {
  project               = var.project
  display_name          = "${var.name}: The sweep does not run"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "No sweep has ended for ${local.sweep_window_minutes} minutes, or ever"

    condition_prometheus_query_language {
      # A distribution is counted under its name with _count.
      query               = "absent_over_time({__name__=\"logging.googleapis.com/user/${var.name}/oldest_open_ms_count\",monitored_resource=\"cloud_run_revision\"}[${local.sweep_window_minutes}m])"
      duration            = "1800s"
      evaluation_interval = "300s"
    }
  }

  documentation {
    content   = "Look at the job ${var.name}-sweep of Cloud Scheduler and at the lines of the function ${var.name}-sweep. A new deployment with a rare schedule has had none yet: `gcloud scheduler jobs run ${var.name}-sweep --location=${var.region}`."
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.metrics]
}

# An event that onUpload refused a hundred times: its pair waits for the sweep, and the next event may fare no better.
resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project
  display_name          = "${var.name}: Events are delivered in vain"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "A message among the dead letters"

    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${var.name}-dead-letters\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "Look at the lines of the function ${var.name}-on-upload. Once they are mended, `gcloud pubsub subscriptions seek ${var.name}-dead-letters --time=now` drops what lies here: the sweep finds the pairs."
    mime_type = "text/markdown"
  }

  depends_on = [time_sleep.services]
}
