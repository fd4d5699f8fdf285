# The smallest use of the module: one project, one region, the default model with its cap, and who may use it.
terraform {
  required_version = ">= 1.9"
}

provider "google" {
  project = "my-project"
  region  = "europe-west1"
}

# It makes the identities of service agents.
provider "google-beta" {
  project = "my-project"
  region  = "europe-west1"
}

module "inpaint" {
  source = "../.." # or "git::https://HOST/OWNER/REPOSITORY.git//deploy/terraform?ref=TAG"

  project      = "my-project"
  region       = "europe-west1"
  users        = ["group:retouching@example.com"]
  alert_emails = ["oncall@example.com"]
}

output "try" {
  value = module.inpaint.try
}
