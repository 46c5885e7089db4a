# One virtual machine of your own with containers, behind a proxy that ends TLS and finds the API
# in Nomad's service discovery.

datacenters        = ["dc1"]
driver             = "docker"
image              = "safelight:0.1.0"
install_dir        = ""
data_dir           = ""
base_url           = "https://images.example.com"
trusted_proxies    = "127.0.0.0/8,172.16.0.0/12"
api_port           = 0
api_count          = 2
image_worker_count = 1
notifier_count     = 1
smtp_host          = "mail.example.com"
smtp_sender        = "safelight@example.com"
