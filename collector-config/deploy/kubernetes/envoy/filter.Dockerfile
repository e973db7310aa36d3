# The filter as an image, from which the edge copies it:
#   docker build -f filter.Dockerfile ../../../../dist/filter
FROM busybox:1.37.0-musl
COPY sightline_filter.wasm /
USER 65532:65532
