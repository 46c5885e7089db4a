# One EC2 instance whose data directory is an EBS volume, as a target of an application load
# balancer: TLS ends there, its health check asks for /readyz on the fixed port.

datacenters        = ["eu-central-1a"]
driver             = "docker"
image              = "safelight:0.1.0"
install_dir        = ""
data_dir           = ""
base_url           = "https://images.example.com"
trusted_proxies    = "10.0.0.0/8"
api_port           = 8000
api_count          = 1
image_worker_count = 2
notifier_count     = 1
smtp_host          = "email-smtp.eu-central-1.amazonaws.com"
smtp_sender        = "safelight@example.com"
