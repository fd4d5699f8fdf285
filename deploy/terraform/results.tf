# A message for each job that has ended. Whoever wants to hear it makes a subscription; without one it goes nowhere.
resource "google_pubsub_topic" "results" {
  count = var.results_topic == null ? 0 : 1

  project      = var.project
  name         = var.results_topic
  labels       = local.labels
  kms_key_name = local.kms_key_name

  depends_on = [time_sleep.services]
}
