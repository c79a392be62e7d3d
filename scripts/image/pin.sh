#!/usr/bin/env bash
# Pins the Dockerfile's base image by digest, so that a tag that moves changes nothing: scripts/image/pin.sh [sha256:DIGEST]
# Without a digest it asks the registry for that of the tag, by skopeo or docker buildx. Run it again for a newer one; DOCKERFILE names another file.
set -euo pipefail
cd "$(dirname "$0")/../.."
dockerfile=${DOCKERFILE:-Dockerfile}
image=$(sed -nE 's/^ARG NODE_IMAGE=([^@]+).*/\1/p' "$dockerfile")
digest=${1:-}
if [ -z "$digest" ] && command -v skopeo >/dev/null; then
  digest=$(skopeo inspect --format '{{.Digest}}' "docker://$image")
elif [ -z "$digest" ]; then
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
fi
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "no digest of $image: ${digest:-nothing was answered}" >&2; exit 1; }
sed -i -E "s|^ARG NODE_IMAGE=.*|ARG NODE_IMAGE=$image@$digest|" "$dockerfile"
echo "$image@$digest"
