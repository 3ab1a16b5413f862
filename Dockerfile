# Nightjar with a Node and a Redis of its own. Give it a configuration, a state volume and the share, read-only:
#   docker run -v ./config:/etc/nightjar:ro -v nightjar-state:/var/lib/nightjar -v /srv/instruments:/srv/instruments:ro nightjar
FROM node:26-bookworm-slim AS packages
WORKDIR /opt/nightjar
COPY package.json package-lock.json .npmrc ./
# The image has its Node already: the optional packages would bring a second one.
RUN npm ci --omit=dev --omit=optional

FROM node:26-bookworm-slim
# No service is started in an image: Nightjar starts redis-server itself, on a Unix socket in its state directory.
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server ca-certificates tzdata \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/nightjar --shell /usr/sbin/nologin nightjar \
  && install -d -o nightjar -g nightjar -m 0700 /var/lib/nightjar
WORKDIR /opt/nightjar
COPY --from=packages /opt/nightjar/node_modules ./node_modules
COPY package.json ./
COPY src ./src
USER nightjar
VOLUME /var/lib/nightjar
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/nightjar/src/nightjar"]
CMD ["serve"]
