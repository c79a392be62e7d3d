#!/usr/bin/env bash
# Builds the image with buildah, without a daemon: scripts/image/build.sh [TARGET [TAG]]
# TARGET is cpu, cuda or any other stage of the Dockerfile; the tag is fewstep:TARGET. Needs root and buildah; where the base image can
# be pulled from nowhere, a local stand-in takes its name.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:-cpu}
tag=${2:-fewstep:$target}
arguments=()
base=$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)
if ! buildah inspect --type image "$base" >/dev/null 2>&1 && ! buildah pull --quiet "$base"; then
  base=${base%@*} # a stand-in has another digest
  arguments=(--build-arg NODE_IMAGE="$base")
  buildah inspect --type image "$base" >/dev/null 2>&1 || scripts/image/stand-in.sh "$base"
fi
# Docker's format, because OCI's has no HEALTHCHECK.
buildah build --isolation chroot --network host --format docker --layers --target "$target" --tag "$tag" \
  "${arguments[@]}" --label org.opencontainers.image.revision="$(git rev-parse HEAD)" .
