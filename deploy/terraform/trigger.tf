# Events of the input bucket go through a topic and a subscription of this deployment. A trigger of Eventarc makes its own, whose
# 10 s to acknowledge cannot be changed: a burst of cold starts would be delivered twice.
resource "google_pubsub_topic" "uploads" {
  project      = var.project
  name         = "${var.name}-uploads"
  labels       = local.labels
  kms_key_name = local.kms_key_name

  depends_on = [time_sleep.services]
}

resource "google_storage_notification" "uploads" {
  bucket = google_storage_bucket.input.name
  topic  = google_pubsub_topic.uploads.id
  # The attributes of a message name the object.
  payload_format = "NONE"
  event_types    = ["OBJECT_FINALIZE"]

  # Cloud Storage tries whether it may publish. An event before the subscription would go nowhere.
  depends_on = [time_sleep.events, google_pubsub_subscription.uploads]
}

resource "google_pubsub_subscription" "uploads" {
  project = var.project
  name    = "${var.name}-uploads"
  topic   = google_pubsub_topic.uploads.id
  labels  = local.labels

  # The longest that Pub/Sub keeps a message. By default a subscription that is idle for so long is deleted.
  message_retention_duration = "2678400s"
  expiration_policy {
    ttl = ""
  }

  # As long as onUpload may work: what it still works on is not delivered again.
  ack_deadline_seconds = 120
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  # 100 deliveries, 600 s apart in the end, take more than half a day.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }

  push_config {
    push_endpoint = module.on_upload.url
    oidc_token {
      service_account_email = google_service_account.trigger.email
      audience              = module.on_upload.url
    }
  }

  depends_on = [google_service_account_iam_member.pubsub_makes_tokens]
}

# What was delivered in vain is kept to be looked at. The sweep finds its pairs in any case.
resource "google_pubsub_topic" "dead_letters" {
  project      = var.project
  name         = "${var.name}-dead-letters"
  labels       = local.labels
  kms_key_name = local.kms_key_name

  depends_on = [time_sleep.services]
}

resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project
  name                       = "${var.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  message_retention_duration = "2678400s"
  labels                     = local.labels
  expiration_policy {
    ttl = ""
  }
}
