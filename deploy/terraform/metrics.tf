# Metrics count log lines. Each attempt of a job ends with a line that has an `outcome`, and each request with a line. Both have a
# `code` of lib/errors.ts after an error.
locals {
  # Listed one by one: another deployment may be called inpaint-trial.
  services = "${var.name}-(on-upload|run-job|sweep|edit|mask|generate|upscale|studio)"
  lines    = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${local.services}$\""

  counters = {
    jobs = {
      description = "Attempts of jobs by outcome. Only put-off comes again."
      filter      = "jsonPayload.outcome:*"
      labels      = ["outcome", "code"]
    }
    faults = {
      description = "Lines with an error code. An attempt of a job may write two."
      filter      = "jsonPayload.code:*"
      labels      = ["code"]
    }
    circuit_open = {
      description = "Times that an instance stopped calling the model."
      filter      = "jsonPayload.message=~\"^Circuit open\""
      labels      = ["code"]
    }
    overdue = {
      description = "Sweeps that found a complete pair without a result after ${var.alert_pair_age_minutes} minutes."
      filter      = "jsonPayload.oldestOpenMs>${var.alert_pair_age_minutes * 60000}"
      labels      = []
    }
    out_of_memory = {
      description = "Instances that the platform killed for their memory."
      filter      = "textPayload=~\"^Memory limit of\""
      labels      = []
    }
  }

  distributions = {
    job_ms = {
      description = "Time from the start of an attempt to the published result."
      filter      = "jsonPayload.outcome=\"published\""
      field       = "ms"
    }
    oldest_open_ms = {
      description = "Age of the oldest complete pair without a result, at each sweep."
      filter      = "jsonPayload.oldestOpenMs>=0"
      field       = "oldestOpenMs"
    }
  }

  metric = merge(
    { for name, metric in google_logging_metric.counters : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\"" },
    { for name, metric in google_logging_metric.distributions : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\"" },
  )
}

resource "google_logging_metric" "counters" {
  for_each = local.counters

  project          = var.project
  name             = "${var.name}/${each.key}"
  description      = each.value.description
  filter           = "${local.lines} AND ${each.value.filter}"
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_logging_metric" "distributions" {
  for_each = local.distributions

  project         = var.project
  name            = "${var.name}/${each.key}"
  description     = each.value.description
  filter          = "${local.lines} AND ${each.value.filter}"
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "ms"
  }

  # 0.1 s to 40 days, each bound 1.5 times the one before.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 43
      growth_factor      = 1.5
      scale              = 100
    }
  }

  depends_on = [time_sleep.services]
}

# Monitoring refuses an alert on a metric that it does not know yet.
resource "time_sleep" "metrics" {
  create_duration = "60s"

  depends_on = [google_logging_metric.counters, google_logging_metric.distributions]
}
