# For images without a shell: what a health check asks with, and a folder to write
# to, which a new volume takes over with its owner.
ARG BASE
FROM busybox:1.37.0-musl AS tools
RUN mkdir /data

FROM ${BASE}
COPY --from=tools /bin/busybox /bin/wget
COPY --from=tools --chown=10001:10001 /data /data
USER 10001:10001
