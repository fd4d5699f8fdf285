# What the whole project costs in a month, models and everything else. Nothing is stopped by it.
resource "google_billing_budget" "month" {
  count = var.billing_account == null ? 0 : 1

  billing_account = var.billing_account
  display_name    = "${var.name} in ${var.project}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  # In the currency of the account.
  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # Beside them, the administrators of the account are told. A budget takes five at most.
  dynamic "all_updates_rule" {
    for_each = length(local.channels) == 0 ? [] : [slice(local.channels, 0, min(5, length(local.channels)))]
    content {
      monitoring_notification_channels = all_updates_rule.value
    }
  }

  depends_on = [time_sleep.services]
}
