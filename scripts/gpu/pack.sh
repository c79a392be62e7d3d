#!/usr/bin/env bash
# Packs all that scripts/gpu/run.sh needs for a machine with a driver and CUDA 13, but without Node, the provider or the internet:
#   scripts/gpu/pack.sh OUT [--provider FOLDER]
# OUT gets pieces of 60 MB at most, their hashes, and unpack.sh. FOLDER holds libonnxruntime_providers_*.so and, where the machine lacks
# them, CUDA's own libraries (default: what fewstep cuda install put beside onnxruntime-node's). Models: GPU_MODELS, folders with
# step-fp16.onnx, separated by spaces (default: the embedded model, exported with --float16).
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:?where to: scripts/gpu/pack.sh OUT}
provider=
[ "${2-}" != --provider ] || provider=${3:?--provider FOLDER}
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || { echo "$python is missing: CONTRIBUTING.md says how the kit is installed; PYTHON names another one" >&2; exit 2; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out" "$stage/fewstep/models"
rm -f "$out"/piece.* "$out"/pieces.sha256 "$out"/unpack.sh

git ls-files -z -- src bench scripts test openapi package.json tsconfig.json tsconfig.build.json models/fewstep-stories web |
  while IFS= read -rd '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done | tar -c --null -T - | tar -x -C "$stage/fewstep"
tar -c -h --exclude=.cache --exclude=playwright-core --exclude='@redocly' node_modules | tar -x -C "$stage/fewstep"
runtime=$stage/fewstep/node_modules/onnxruntime-node/bin/napi-v6
find "$runtime" -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf {} +
[ -z "$provider" ] || cp -L "$provider"/lib*.so* "$runtime/linux/x64/"
cp "$(node -p process.execPath)" "$stage/node"
for model in ${GPU_MODELS:-}; do cp -rL "$model" "$stage/fewstep/models/"; done
if [ -z "${GPU_MODELS-}" ]; then
  PYTHONPATH=train "$python" -m fewstep_train export --model models/fewstep-stories --float16 --int8 --out "$stage/fewstep/models/gpu-stories"
fi
tar -c -C "$stage" node fewstep | gzip -1 | split -b 60000000 -d -a 3 - "$out/piece."
(cd "$out" && sha256sum piece.* > pieces.sha256)
cat > "$out/unpack.sh" <<'UNPACK'
#!/bin/sh
# unpack.sh INTO: puts the pieces beside this file together, hashes checked, into an empty folder; then run INTO/fewstep/scripts/gpu/run.sh.
set -eu
into=${1:?where to: unpack.sh INTO}
from=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$into"
[ -z "$(ls -A "$into")" ] || { echo "$into is not empty" >&2; exit 2; }
(cd "$from" && sha256sum -c --quiet pieces.sha256)
cat "$from"/piece.* | gzip -d | tar -x -C "$into"
UNPACK
chmod +x "$out/unpack.sh"
du -ch "$out"/piece.* | tail -1
