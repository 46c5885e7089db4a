# What the one client that runs Safelight needs besides your own configuration:
# `nomad agent -config=/etc/nomad.d -config=client.hcl`.

client {
  enabled = true

  # The jobs ask for up to 45 s between SIGTERM and SIGKILL; Nomad's own ceiling is 30 s.
  max_kill_timeout = "60s"

  # One directory on one file system with hard links, mode 0700, owned by 10001:10001 for docker,
  # or by the user of the agent for raw_exec.
  host_volume "safelight-data" {
    path      = "/srv/safelight"
    read_only = false
  }
}

# Only where `driver = "raw_exec"` is used.
plugin "raw_exec" {
  config {
    enabled = true
  }
}
