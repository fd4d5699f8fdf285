# The files that .gcloudignore lets through, and no others; the list of packages without those that only tests need.
locals {
  root = "${path.module}/../.."
  packed = setunion(
    fileset(local.root, "functions/**/*.{ts,js,json,html,css,svg}"),
    fileset(local.root, "lib/**/*.ts"),
    fileset(local.root, "lib/**/tsconfig.json"),
    [
      "deploy/build-page.js",
      "deploy/build.js",
      "deploy/kernels.js",
      "deploy/prepare.js",
      "package-lock.json",
      "package.json",
      "tsconfig.json",
    ],
  )
}

data "archive_file" "source" {
  type        = "zip"
  output_path = "${path.module}/.terraform/source.zip"

  dynamic "source" {
    for_each = local.packed
    content {
      filename = source.value
      content  = file("${local.root}/${startswith(source.value, "package") ? "deploy/cloud/" : ""}${source.value}")
    }
  }
}

resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  # Changed code gets another name, which makes Terraform build the functions again.
  name   = "${data.archive_file.source.output_sha256}.zip"
  source = data.archive_file.source.output_path
}
