locals {
  queue_filter   = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=monitoring.regex.full_match(\"${var.name}-(live|backfill)\")"
  service_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${local.services}\")"

  charts = [
    { title = "Attempts of jobs, by outcome", filter = local.metric["jobs"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.outcome"] },
    { title = "Faults, by code", filter = local.metric["faults"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.code"] },
    { title = "Time from start to published, 95 %, ms", filter = local.metric["job_ms"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = [] },
    { title = "Age of the oldest pair without a result, ms", filter = local.metric["oldest_open_ms"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = [] },
    { title = "Tasks waiting", filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND ${local.queue_filter}", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.labels.queue_id"] },
    { title = "Attempts of tasks, by answer", filter = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_count\" AND ${local.queue_filter}", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.response_code"] },
    { title = "Instances", filter = "metric.type=\"run.googleapis.com/container/instance_count\" AND ${local.service_filter}", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.labels.service_name"] },
    { title = "Memory in use, 99 %", filter = "metric.type=\"run.googleapis.com/container/memory/utilizations\" AND ${local.service_filter}", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = ["resource.labels.service_name"] },
    { title = "Requests, 95 %, ms", filter = "metric.type=\"run.googleapis.com/request_latencies\" AND ${local.service_filter}", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = ["resource.labels.service_name"] },
    { title = "The model is not called", filter = local.metric["circuit_open"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.code"] },
  ]
}

resource "google_monitoring_dashboard" "this" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = var.name
    gridLayout = {
      columns = "2"
      widgets = [
        for chart in local.charts : {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "300s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.reducer
                    groupByFields      = chart.by
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })

  depends_on = [time_sleep.metrics]
}
