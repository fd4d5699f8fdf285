output "buckets" {
  description = "Buckets of uploads, of results and of claims."
  value       = { for name in ["input", "output", "control"] : name => "gs://${local.buckets[name]}" }
}

output "urls" {
  description = "HTTP functions, for those in `users`."
  value       = merge({ for name, function in module.http : name => function.url }, { for name, function in module.studio : "studio" => function.url })
}

output "studio" {
  description = "How to reach the studio; null without one."
  value = !var.studio.enabled ? null : (var.studio.iap
    ? "Once: gcloud beta run services update ${module.studio["on"].service} --iap --project=${var.project} --region=${var.region}; then open ${module.studio["on"].url}/"
    : "gcloud run services proxy ${module.studio["on"].service} --project=${var.project} --region=${var.region} --port=8080; then open http://localhost:8080/"
  )
}

output "results_topic" {
  description = "Topic with a message for each job that has ended; null without one."
  value       = one(google_pubsub_topic.results[*].id)
}

output "dashboard" {
  description = "URL of the dashboard."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.this.id)}?project=${var.project}"
}

output "try" {
  description = "Commands to try, for those in `users`; the last one for the project's owners."
  value       = <<-TEXT

    # Drop a photo and its mask, white where the picture may change; then look for the result.
    gcloud storage cp photo.jpg photo.mask.png gs://${google_storage_bucket.input.name}/
    gcloud storage ls --recursive gs://${google_storage_bucket.output.name}/photo.jpg/

    # Or send both and wait for the answer.
    curl -H "Authorization: Bearer $(gcloud auth print-identity-token)" \
      -F image=@photo.jpg -F mask=@photo.mask.png ${module.http["edit"].url} -o out.jpg
    %{if local.makes_pictures}
    # Text to image.
    curl -H "Authorization: Bearer $(gcloud auth print-identity-token)" -H 'content-type: application/json' \
      -H 'accept: image/png' -d '{"prompt": "a harbour at dawn, wide"}' ${module.http["generate"].url} -o harbour.png
    %{endif}
    # Look for pairs without a result now.
    gcloud scheduler jobs run ${google_cloud_scheduler_job.sweep.name} --project=${var.project} --location=${var.region}
  TEXT
}
