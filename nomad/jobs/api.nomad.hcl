# The API: takes pictures in, answers questions, serves results. Written for Nomad 1.8 and later.

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
    SAFELIGHT_DATA_DIR              = var.driver == "docker" ? "/data" : var.data_dir
    SAFELIGHT_HTTP_BIND             = var.driver == "docker" ? "0.0.0.0:${NOMAD_PORT_http}" : "${NOMAD_ADDR_http}"
    SAFELIGHT_METRICS_DIR           = "${NOMAD_ALLOC_DIR}/tmp/figures"
    SAFELIGHT_HTTP_BASE_URL         = var.base_url
    SAFELIGHT_HTTP_GRACEFUL_SECONDS = "25"
    SAFELIGHT_HTTP_TRUSTED_PROXIES  = var.trusted_proxies
    SAFELIGHT_LOG_FORMAT            = "json"
    TMPDIR                          = "${NOMAD_TASK_DIR}"

    SAFELIGHT_ACCOUNTS_SCREEN_PASSWORDS     = "true"
    SAFELIGHT_ACCOUNTS_PASSWORD_FOR_ADDRESS = "true"

    # A minute. Strangers may come in numbers behind one address; an account is one customer.
    SAFELIGHT_LIMITS_SIGN_INS_PER_ADDRESS = "30"
    SAFELIGHT_LIMITS_UPLOADS_PER_ADDRESS  = "1200"
    SAFELIGHT_LIMITS_UPLOADS_PER_USER     = "600"
    SAFELIGHT_LIMITS_REQUESTS_PER_ADDRESS = "6000"
    SAFELIGHT_LIMITS_REQUESTS_PER_USER    = "3000"
  }

  # Read from the Nomad variable that only this job may read; a key that is missing there keeps
  # the task from starting.
  secrets = <<-EOT
    {{- with nomadVar "nomad/jobs/safelight-api" }}
    SAFELIGHT_TOKENS_KEY={{ .tokens_key | toJSON }}
    SAFELIGHT_LINKS_KEY={{ .links_key | toJSON }}
    SAFELIGHT_WEBHOOK_KEY={{ .webhook_key | toJSON }}
    {{- end }}
  EOT
}

job "safelight-api" {
  type        = "service"
  datacenters = var.datacenters

  group "api" {
    count = var.api_count

    network {
      port "http" {
        static = var.api_port
      }
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
      name     = "safelight-api"
      port     = "http"

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
      canary            = var.api_port == 0 ? 1 : 0 # a second one cannot have the same fixed port
      auto_promote      = var.api_port == 0
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

    # Out of service discovery first, and only then SIGTERM.
    shutdown_delay = "5s"

    dynamic "task" {
      for_each = var.driver == "docker" ? ["docker"] : []
      labels   = ["api"]

      content {
        driver = "docker"

        config {
          image           = var.image
          args            = ["api"]
          ports           = ["http"]
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
        kill_timeout = "35s" # longer than HTTP_GRACEFUL_SECONDS

        resources {
          cpu        = 500
          memory     = 384
          memory_max = 1024
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }

    dynamic "task" {
      for_each = var.driver == "raw_exec" ? ["raw_exec"] : []
      labels   = ["api"]

      content {
        driver = "raw_exec"

        config {
          command = "${var.install_dir}/safelight"
          args    = ["api"]
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
        kill_timeout = "35s" # longer than HTTP_GRACEFUL_SECONDS

        resources {
          cpu        = 500
          memory     = 384
          memory_max = 1024
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }
  }
}
