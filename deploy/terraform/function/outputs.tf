output "url" {
  description = "URL of the function."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "service" {
  description = "Name of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "member" {
  description = "Its identity as an IAM member."
  value       = google_service_account.this.member
}
