# redirect as an image: no root, no package installer, nothing written but under /var/lib/redirect. `make image-check`
# follows this file step by step in a clean Debian root, without a container engine; deploy/README.md says how to run it.
ARG BASE=docker.io/library/debian:bookworm-slim

# hadolint ignore=DL3006
FROM ${BASE} AS build
# Debian's security updates are wanted as they come, so its packages are not pinned. What is ours is, by hash.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python3 -m venv /opt/redirect \
 && /opt/redirect/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY redirect redirect
COPY messages messages
COPY locales locales
RUN /opt/build/bin/hatchling build -t wheel -d /dist \
 && /opt/redirect/bin/pip install --no-cache-dir --no-index --no-deps /dist/*.whl \
 && /opt/redirect/bin/pip uninstall --yes setuptools pip

# hadolint ignore=DL3006
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 redirect \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/redirect --no-create-home --shell /usr/sbin/nologin redirect \
 && install --directory --owner=10001 --group=10001 --mode=700 /var/lib/redirect
COPY --from=build /opt/redirect /opt/redirect
ENV PATH=/opt/redirect/bin:/usr/local/bin:/usr/bin:/bin \
    REDIRECT_DATA_DIR=/var/lib/redirect \
    REDIRECT_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/redirect
VOLUME /var/lib/redirect
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["redirect"]
CMD ["serve"]
