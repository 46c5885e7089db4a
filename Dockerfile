# One image for every process: `docker run … safelight`, then `api`, `image-worker`, `notifier`
# or `relay`. Keys, passwords and addresses come in at run time; none is ever built in.

ARG PYTHON_VERSION=3.11

# --- builder: has a compiler, and stays behind -------------------------------------------------
FROM python:${PYTHON_VERSION}-bookworm AS builder

COPY requirements/run.txt /build/run.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /build/run.txt

# --- runtime -----------------------------------------------------------------------------------
FROM python:${PYTHON_VERSION}-slim-bookworm

# MALLOC_ARENA_MAX: glibc keeps an arena per thread otherwise, and large pictures fragment them.
# PYTHONDONTWRITEBYTECODE: the code below is compiled once, here, and the file system may be
# read-only afterwards.
ENV PATH=/app:/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONFAULTHANDLER=1 \
    MALLOC_ARENA_MAX=2 \
    SAFELIGHT_DATA_DIR=/data \
    SAFELIGHT_HTTP_BIND=0.0.0.0:8000

WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY safelight pyproject.toml ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
RUN python -m compileall -q domain application adapters entrypoints \
    && install --directory --mode=0700 --owner=10001 --group=10001 /data

# A number, so that a scheduler can see that it is not root without reading /etc/passwd.
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM

# No HEALTHCHECK: the image serves several processes, each with its own address for /healthz and
# /readyz, and whoever runs it knows which one it started. The Nomad jobs check both.

ENTRYPOINT ["safelight"]
CMD ["api"]
