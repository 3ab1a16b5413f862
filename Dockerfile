# Nightjar with a Node and a Redis of its own. Give it a configuration, a state volume and the share, read-only:
#   docker run -v ./config:/etc/nightjar:ro -v nightjar-state:/var/lib/nightjar -v /srv/instruments:/srv/instruments:ro nightjar
FROM debian:bookworm-slim AS packages
RUN apt-get update && apt-get install -y --no-install-recommends npm ca-certificates
WORKDIR /opt/nightjar
COPY package.json package-lock.json .npmrc ./
# Brings the pinned Node too, as the package of this platform.
RUN npm ci --omit=dev

FROM debian:bookworm-slim
# No service is started in an image: Nightjar starts redis-server itself, on a Unix socket in its state directory.
# libatomic1 is what the official builds of Node need beyond a minimal system.
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server libatomic1 ca-certificates tzdata \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/nightjar --shell /usr/sbin/nologin nightjar \
  && install -d -o nightjar -g nightjar -m 0700 /var/lib/nightjar
WORKDIR /opt/nightjar
COPY --from=packages /opt/nightjar/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY config/instruments ./config/instruments
USER nightjar
VOLUME /var/lib/nightjar
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/nightjar/src/nightjar"]
CMD ["serve"]
