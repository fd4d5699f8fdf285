# The same files that .gcloudignore lets through, by name: nothing that lies around is packed.
locals {
  root = "${path.module}/../.."
  packed = setunion(
    fileset(local.root, "functions/**/*.ts"),
    fileset(local.root, "lib/**/*.ts"),
    [
      "deploy/build.js",
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
      content  = file("${local.root}/${source.value}")
    }
  }
}

resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  # Another name for other code: that is what makes the functions be built anew.
  name   = "${data.archive_file.source.output_sha256}.zip"
  source = data.archive_file.source.output_path
}
