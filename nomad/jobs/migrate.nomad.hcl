# Brings the database to the release's version and installs the shared pictures. Registered once
# and dispatched for every release, before any other job: they refuse to start on an older database.
# Harmless if repeated. Written for Nomad 1.8 and later.

# Every job declares the same variables, so that one file of values fits all of them.

variable "datacenters" {
  type        = list(string)
  description = "Where the job may run."
}

variable "driver" {
  type        = string
  description = "docker, or raw_exec on a virtual machine that is trusted as a whole."

  validation {
    condition     = contains(["docker", "raw_exec"], var.driver)
    error_message = "The driver must be docker or raw_exec."
  }
}

variable "image" {
  type        = string
  description = "docker: the image, by digest wherever it matters."
}

variable "install_dir" {
  type        = string
  description = "raw_exec: where the release lies unpacked on the machine, its environment in .venv."
}

variable "data_dir" {
  type        = string
  description = "raw_exec: the path of the host volume safelight-data."
}

variable "base_url" {
  type        = string
  description = "What customers reach the API by; download links begin with it."
}

variable "trusted_proxies" {
  type        = string
  description = "Networks of the proxies before the API, divided by commas; empty if there are none."
}

variable "api_port" {
  type        = number
  description = "The API's port on its machine; 0 lets Nomad choose, behind a load balancer."
}

variable "api_count" {
  type        = number
  description = "API allocations; 1 if api_port is fixed."
}

variable "image_worker_count" {
  type        = number
  description = "Image workers."
}

variable "notifier_count" {
  type        = number
  description = "Notifiers."
}

variable "smtp_host" {
  type        = string
  description = "The mail server; if empty, mails become .eml files in the data directory."
}

variable "smtp_sender" {
  type        = string
  description = "The address that our mails come from."
}

locals {
  env = {
    SAFELIGHT_DATA_DIR   = var.driver == "docker" ? "/data" : var.data_dir
    SAFELIGHT_LOG_FORMAT = "json"
    TMPDIR               = "${NOMAD_TASK_DIR}"
  }

  # The same keys as the API's: a process that is given none makes its own in the data directory.
  secrets = <<-EOT
    {{- with nomadVar "nomad/jobs/safelight-migrate" }}
    SAFELIGHT_TOKENS_KEY={{ .tokens_key | toJSON }}
    SAFELIGHT_LINKS_KEY={{ .links_key | toJSON }}
    SAFELIGHT_WEBHOOK_KEY={{ .webhook_key | toJSON }}
    {{- end }}
  EOT
}

job "safelight-migrate" {
  type        = "batch"
  datacenters = var.datacenters

  parameterized {
    payload       = "forbidden"
    meta_optional = ["release"]
  }

  group "migrate" {
    volume "data" {
      type      = "host"
      source    = "safelight-data"
      read_only = false
    }

    # Twice is no better than once: whoever dispatched it should read what it said.
    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    dynamic "task" {
      for_each = var.driver == "docker" ? ["docker"] : []
      labels   = ["migrate"]

      content {
        driver = "docker"

        config {
          image           = var.image
          args            = ["migrate"]
          init            = true
          readonly_rootfs = true
          cap_drop        = ["all"]
          security_opt    = ["no-new-privileges"]
          pids_limit      = 512
        }

        volume_mount {
          volume      = "data"
          destination = "/data"
        }

        env = local.env

        template {
          data                 = local.secrets
          destination          = "${NOMAD_SECRETS_DIR}/safelight.env"
          env                  = true
          error_on_missing_key = true
          change_mode          = "noop"
          perms                = "0400"
        }

        kill_signal  = "SIGTERM"
        kill_timeout = "30s"

        resources {
          cpu        = 200
          memory     = 192
          memory_max = 384
        }

        logs {
          max_files     = 2
          max_file_size = 20
        }
      }
    }

    dynamic "task" {
      for_each = var.driver == "raw_exec" ? ["raw_exec"] : []
      labels   = ["migrate"]

      content {
        driver = "raw_exec"

        config {
          command = "${var.install_dir}/safelight"
          args    = ["migrate"]
        }

        env = merge(local.env, { MALLOC_ARENA_MAX = "2" })

        template {
          data                 = local.secrets
          destination          = "${NOMAD_SECRETS_DIR}/safelight.env"
          env                  = true
          error_on_missing_key = true
          change_mode          = "noop"
          perms                = "0400"
        }

        kill_signal  = "SIGTERM"
        kill_timeout = "30s"

        resources {
          cpu        = 200
          memory     = 192
          memory_max = 384
        }

        logs {
          max_files     = 2
          max_file_size = 20
        }
      }
    }
  }
}
