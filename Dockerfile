# syntax=docker/dockerfile:1
# PG Atlas with the PostgreSQL that it starts for itself. Data lives in the volume /data; DATABASE_URL names a server of
# your own instead.
#
#   docker build -t pg-atlas .
#   docker run --rm pg-atlas demo --data-dir /tmp/demo
#   docker run --rm -v atlas:/data -v "$PWD:/in:ro" pg-atlas ingest survey /in/survey.csv
#   docker run -v atlas:/data -p 8080:8080 pg-atlas serve --listen 0.0.0.0:8080

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin pg-atlas

FROM debian:bookworm-slim
# postgresql-common comes first: it brings the setting that keeps the package from making a cluster of its own. git reads
# histories, certificates are for registries and remote databases.
RUN set -e; export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -q; \
    apt-get install -q -y --no-install-recommends postgresql-common; \
    sed -i -E '/^#? *create_main_cluster/d' /etc/postgresql-common/createcluster.conf; \
    echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf; \
    apt-get install -q -y --no-install-recommends postgresql git ca-certificates; \
    rm -rf /var/lib/apt/lists/*; \
    useradd --uid 10001 --home-dir /data atlas; \
    install -d -o atlas -g atlas -m 0700 /data
COPY --from=build /src/target/release/pg-atlas /usr/local/bin/pg-atlas
COPY scripts/in-container /usr/local/bin/in-container
USER atlas
WORKDIR /data
ENV PG_ATLAS_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["in-container"]
CMD ["--help"]
