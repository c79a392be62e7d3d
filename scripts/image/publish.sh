#!/usr/bin/env bash
# Builds both images and pushes them: scripts/image/publish.sh REGISTRY/NAME, as in registry.example.com/team/fewstep
# Tags are the package's version, with -cuda for GPUs. Prints the digests, by which a deployment should name them, and writes the bill of materials
# beside them. It wants a base that is pinned (scripts/image/pin.sh), a clean tree, and `buildah login`. Nobody has run it yet: no registry was at hand.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:?"where to? scripts/image/publish.sh REGISTRY/NAME"}
version=$(node -p "require('./package.json').version")
grep -q '^ARG NODE_IMAGE=.*@sha256:' Dockerfile || { echo 'the base image is not pinned: scripts/image/pin.sh' >&2; exit 1; }
[ -z "$(git status --porcelain)" ] || { echo 'the tree has changes that no commit has' >&2; exit 1; }
scripts/audit.sh
scripts/sbom.sh dist/publish
for target in cpu cuda; do
  tag=$version$([ "$target" = cpu ] || echo "-$target")
  scripts/image/build.sh "$target" "$name:$tag"
  if buildah inspect --type image "$name:$tag" | grep -q '"stand-in": "true"'; then
    echo 'it was built on a stand-in for its base: not published' >&2
    exit 1
  fi
  buildah push --digestfile "dist/publish/$target.digest" "$name:$tag"
  echo "$name:$tag@$(cat "dist/publish/$target.digest")"
done
