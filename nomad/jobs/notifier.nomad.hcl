# The notifier: sends mails and calls webhooks. Written for Nomad 1.8 and later.

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
  # Addresses and directories are Nomad's to give, at the moment the task starts.
  env = {
    SAFELIGHT_DATA_DIR                = var.driver == "docker" ? "/data" : var.data_dir
    SAFELIGHT_METRICS_BIND            = var.driver == "docker" ? "0.0.0.0:${NOMAD_PORT_health}" : "${NOMAD_ADDR_health}"
    SAFELIGHT_METRICS_DIR             = "${NOMAD_ALLOC_DIR}/tmp/figures"
    SAFELIGHT_HTTP_BASE_URL           = var.base_url
    SAFELIGHT_SMTP_HOST               = var.smtp_host
    SAFELIGHT_SMTP_SENDER             = var.smtp_sender
    SAFELIGHT_WEBHOOK_TIMEOUT_SECONDS = "15"
    SAFELIGHT_WORKER_DRAIN_SECONDS    = "25"
    SAFELIGHT_LOG_FORMAT              = "json"
    TMPDIR                            = "${NOMAD_TASK_DIR}"
  }

  # Read from the Nomad variable that only this job may read; a key that is missing there keeps
  # the task from starting.
  secrets = <<-EOT
    {{- with nomadVar "nomad/jobs/safelight-notifier" }}
    SAFELIGHT_LINKS_KEY={{ .links_key | toJSON }}
    SAFELIGHT_WEBHOOK_KEY={{ .webhook_key | toJSON }}
    SAFELIGHT_SMTP_USERNAME={{ .smtp_username | toJSON }}
    SAFELIGHT_SMTP_PASSWORD={{ .smtp_password | toJSON }}
    {{- end }}
  EOT
}

job "safelight-notifier" {
  type        = "service"
  datacenters = var.datacenters

  group "notifier" {
    count = var.notifier_count

    network {
      port "health" {}
    }

    # Database, queue and pictures of the embedded profile. The machine that has this volume is
    # the machine that every process runs on.
    volume "data" {
      type      = "host"
      source    = "safelight-data"
      read_only = false
    }

    service {
      provider = "nomad"
      name     = "safelight-notifier"
      port     = "health"

      # Live: the process answers. One that does not is started anew.
      check {
        name     = "live"
        type     = "http"
        path     = "/healthz"
        interval = "10s"
        timeout  = "2s"

        check_restart {
          limit = 3
          grace = "30s"
        }
      }

      # Ready: what it depends on answers too. A restart would not mend that.
      check {
        name     = "ready"
        type     = "http"
        path     = "/readyz"
        interval = "5s"
        timeout  = "2s"
      }
    }

    update {
      max_parallel      = 1
      health_check      = "checks"
      min_healthy_time  = "10s"
      healthy_deadline  = "2m"
      progress_deadline = "5m"
      auto_revert       = true
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "5s"
      mode     = "fail"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "5m"
      unlimited      = true
    }

    dynamic "task" {
      for_each = var.driver == "docker" ? ["docker"] : []
      labels   = ["notifier"]

      content {
        driver = "docker"

        config {
          image           = var.image
          args            = ["notifier"]
          ports           = ["health"]
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
          change_mode          = "restart"
          perms                = "0400"
        }

        kill_signal  = "SIGTERM"
        kill_timeout = "35s" # longer than WORKER_DRAIN_SECONDS and than WEBHOOK_TIMEOUT_SECONDS

        resources {
          cpu        = 200
          memory     = 192
          memory_max = 512
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }

    dynamic "task" {
      for_each = var.driver == "raw_exec" ? ["raw_exec"] : []
      labels   = ["notifier"]

      content {
        driver = "raw_exec"

        config {
          command = "${var.install_dir}/safelight"
          args    = ["notifier"]
        }

        env = merge(local.env, { MALLOC_ARENA_MAX = "2" })

        template {
          data                 = local.secrets
          destination          = "${NOMAD_SECRETS_DIR}/safelight.env"
          env                  = true
          error_on_missing_key = true
          change_mode          = "restart"
          perms                = "0400"
        }

        kill_signal  = "SIGTERM"
        kill_timeout = "35s" # longer than WORKER_DRAIN_SECONDS and than WEBHOOK_TIMEOUT_SECONDS

        resources {
          cpu        = 200
          memory     = 192
          memory_max = 512
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }
  }
}
