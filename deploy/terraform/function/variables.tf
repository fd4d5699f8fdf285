variable "common" {
  description = "What all functions share: project, prefix of names, region, code, registry, the identity that builds, labels and the key (null: that of Google)."
  type = object({
    project      = string
    prefix       = string
    region       = string
    bucket       = string
    object       = string
    repository   = string
    builder      = string
    labels       = map(string)
    kms_key_name = string
  })
}

variable "name" {
  description = "Name of the function without the prefix, 1 to 15 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z-]{0,14}$", var.name))
    error_message = "Expected 1 to 15 lower-case letters and hyphens."
  }
}

variable "entry_point" {
  description = "Name under which functions/register.ts registers it."
  type        = string
}

variable "description" {
  description = "What it does, one sentence."
  type        = string
}

variable "memory" {
  description = "Memory of an instance, e.g. 512Mi."
  type        = string
}

variable "cpu" {
  description = "CPUs of an instance; more than one request at a time needs at least 1."
  type        = number
}

variable "concurrency" {
  description = "Requests an instance works on at once. 1 to 1000."
  type        = number

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000
    error_message = "Expected 1 to 1000."
  }
}

variable "timeout_seconds" {
  description = "When the platform answers 504; the code gives up 30 s earlier by itself. 60 to 1790: a task waits for 1,800 s at most."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 60 && var.timeout_seconds <= 1790
    error_message = "Expected 60 to 1790."
  }
}

variable "min_instances" {
  description = "Instances kept warm."
  type        = number
}

variable "max_instances" {
  description = "Instances at most."
  type        = number
}

variable "ingress" {
  description = "ALLOW_ALL, ALLOW_INTERNAL_AND_GCLB or ALLOW_INTERNAL_ONLY. Eventarc, Cloud Tasks and Cloud Scheduler of the same project are internal."
  type        = string
}

variable "environment" {
  description = "Environment variables, as docs/configuration.md lists them."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variables that Secret Manager fills: variable -> name of a secret in the project. Default: none."
  type        = map(string)
  default     = {}
}

variable "invokers" {
  description = "Members who may call it, by any key."
  type        = map(string)
}
