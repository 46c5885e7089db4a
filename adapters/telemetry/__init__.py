"""What operators see: figures for Prometheus, structured logs, copies for Logstash."""
