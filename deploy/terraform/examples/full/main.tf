# Everything at once: state in a bucket, labels, a key of your own, a budget, and the studio behind Identity-Aware Proxy.
#
# The key comes first, in the region of the buckets, because what depends on it must be known before it is planned:
#   gcloud services enable cloudkms.googleapis.com --project=my-project
#   gcloud kms keyrings create inpaint --location=europe-west1 --project=my-project
#   gcloud kms keys create pictures --keyring=inpaint --location=europe-west1 --purpose=encryption --project=my-project
terraform {
  required_version = ">= 1.9"

  # Made by hand, with versioning: gcloud storage buckets create gs://my-project-state --location=europe-west1
  backend "gcs" {
    bucket = "my-project-state"
    prefix = "inpaint"
  }
}

locals {
  project = "my-project"
  region  = "europe-west1"
}

# A budget belongs to a billing account: calls with your own login must say which project they are counted for.
provider "google" {
  project               = local.project
  region                = local.region
  billing_project       = local.project
  user_project_override = true
}

# It makes the identities of service agents.
provider "google-beta" {
  project               = local.project
  region                = local.region
  billing_project       = local.project
  user_project_override = true
}

module "inpaint" {
  source = "../.."

  project = local.project
  region  = local.region
  name    = "inpaint"
  labels  = { team = "retouching", cost_centre = "4711" }

  # Pictures stay in the region, but for the crops that the model sees: a Gemini model is asked at `global` unless
  # settings = { LOCATION = "eu" } or another place where it is served says otherwise.
  kms_key_name = "projects/${local.project}/locations/${local.region}/keyRings/inpaint/cryptoKeys/pictures"

  users              = ["group:retouching@example.com"]
  studio             = { enabled = true, members = ["group:retouching@example.com"], iap = true }
  alert_emails       = ["oncall@example.com"]
  daily_cost_cap_usd = 50
  billing_account    = "012345-6789AB-CDEF01"
  monthly_budget     = 500
}

output "studio" {
  value = module.inpaint.studio
}

output "try" {
  value = module.inpaint.try
}
