# The image worker: draws pictures. It is given no secret. Written for Nomad 1.8 and later.

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
    SAFELIGHT_METRICS_BIND          = var.driver == "docker" ? "0.0.0.0:${NOMAD_PORT_health}" : "${NOMAD_ADDR_health}"
    SAFELIGHT_METRICS_DIR           = "${NOMAD_ALLOC_DIR}/tmp/figures"
    SAFELIGHT_WORKER_CONCURRENCY    = "2"
    SAFELIGHT_RENDERER_MEMORY_BYTES = "1536MiB"
    SAFELIGHT_RENDERER_WALL_SECONDS = "30"
    SAFELIGHT_WORKER_DRAIN_SECONDS  = "35"
    SAFELIGHT_LOG_FORMAT            = "json"
    TMPDIR                          = "${NOMAD_TASK_DIR}"
  }
}

job "safelight-image-worker" {
  type        = "service"
  datacenters = var.datacenters

  group "image-worker" {
    count = var.image_worker_count

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
      name     = "safelight-image-worker"
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
      labels   = ["image-worker"]

      content {
        driver = "docker"

        config {
          image           = var.image
          args            = ["image-worker"]
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

        kill_signal  = "SIGTERM"
        kill_timeout = "45s" # longer than WORKER_DRAIN_SECONDS, which outlasts RENDERER_WALL_SECONDS

        resources {
          cpu        = 2000
          memory     = 1024
          memory_max = 3584
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }

    dynamic "task" {
      for_each = var.driver == "raw_exec" ? ["raw_exec"] : []
      labels   = ["image-worker"]

      content {
        driver = "raw_exec"

        config {
          command = "${var.install_dir}/safelight"
          args    = ["image-worker"]
        }

        env = merge(local.env, { MALLOC_ARENA_MAX = "2" })

        kill_signal  = "SIGTERM"
        kill_timeout = "45s" # longer than WORKER_DRAIN_SECONDS, which outlasts RENDERER_WALL_SECONDS

        resources {
          cpu        = 2000
          memory     = 1024
          memory_max = 3584
        }

        logs {
          max_files     = 5
          max_file_size = 20
        }
      }
    }
  }
}
