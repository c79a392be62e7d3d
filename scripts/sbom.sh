#!/usr/bin/env bash
# Bills of materials in CycloneDX: scripts/sbom.sh [FOLDER]
# service.cdx.json: what is in the service and its images, by the lock file. train.cdx.json: the training kit's environment, where there is a .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-.}
mkdir -p "$folder"
npm sbom --package-lock-only --omit dev --sbom-format cyclonedx > "$folder/service.cdx.json"
if [ -x .venv/bin/python ]; then
  tools=$(mktemp -d)
  trap 'rm -rf "$tools"' EXIT
  python3 -m venv "$tools" && "$tools/bin/pip" install --quiet cyclonedx-bom==7.5.0
  "$tools/bin/cyclonedx-py" environment --output-reproducible --output-file "$folder/train.cdx.json" .venv/bin/python
fi
