"""What gunicorn imports: the API over this machine's adapters."""

from entrypoints.container import build_http_app

app = build_http_app()
