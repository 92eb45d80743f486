# A base image with Python 3.11 or newer; both stages use the same one, so that the environment fits.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /srv/dateline
RUN python -m venv --without-pip .venv
COPY requirements.lock ./
RUN pip --python .venv/bin/python install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY seed seed
# Installed in place: the application reads its migrations from beside itself.
RUN pip --python .venv/bin/python install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash app migrations

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Dateline" \
      org.opencontainers.image.description="A REST API for geopolitical events, each traceable to the passage that reports it" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin dateline \
    && install -d -o dateline -g dateline /data
WORKDIR /srv/dateline
COPY --from=build /srv/dateline ./
# /data is the only place that is written to: temporary files go there too.
ENV PATH=/srv/dateline/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/data \
    DATELINE_DATABASE_URL=sqlite:////data/dateline.db \
    DATELINE_HOST=0.0.0.0 \
    DATELINE_PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['DATELINE_PORT'] + '/health/ready', timeout=4)"]
CMD ["dateline", "serve", "--migrate", "--seed", "seed/niger-2024.yaml"]
