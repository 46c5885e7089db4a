# A developer's machine: `nomad agent -dev` with nomad/agent/client.hcl, no containers.

datacenters        = ["dc1"]
driver             = "raw_exec"
image              = ""
install_dir        = "/opt/safelight"
data_dir           = "/srv/safelight"
base_url           = "http://127.0.0.1:8000"
trusted_proxies    = ""
api_port           = 8000
api_count          = 1
image_worker_count = 1
notifier_count     = 1
smtp_host          = ""
smtp_sender        = "safelight@localhost"
