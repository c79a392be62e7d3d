#!/usr/bin/env bash
# Packs all that scripts/gpu/run.sh needs for a machine with a driver, CUDA 13 and perhaps Python with PyTorch, but without Node, the provider
# or the internet:
#   scripts/gpu/pack.sh OUT [--provider FOLDER] [--slim ARCHITECTURE] [--piece BYTES]
# OUT gets pieces of 60 MB at most, or of --piece, their hashes, and unpack.sh. FOLDER holds libonnxruntime_providers_*.so and, where the
# machine lacks them, CUDA's own libraries (default: what fewstep cuda install put beside onnxruntime-node's). --slim 90 leaves the GPU code of
# other GPUs than an H100 out of the provider. Models: GPU_MODELS, folders with step-fp16.onnx, separated by spaces (default: the embedded
# model, exported with --float16). Takes minutes: it compresses hard; GPU_XZ=-0 does not.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:?where to: scripts/gpu/pack.sh OUT}
shift
provider='' slim='' piece=60000000
while [ $# -gt 0 ]; do
  case $1 in
    --provider) provider=${2:?--provider FOLDER} ;;
    --slim) slim=${2:?--slim ARCHITECTURE} ;;
    --piece) piece=${2:?--piece BYTES} ;;
    *) echo "there is no option $1" >&2; exit 2 ;;
  esac
  shift 2
done
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || { echo "$python is missing: CONTRIBUTING.md says how the kit is installed; PYTHON names another one" >&2; exit 2; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out" "$stage/fewstep/models"
rm -f "$out"/piece.* "$out"/pieces.sha256 "$out"/unpack.sh

git ls-files -z -- src bench scripts test openapi package.json tsconfig.json tsconfig.build.json web train/fewstep_train |
  while IFS= read -rd '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done | tar -c --null -T - | tar -x -C "$stage/fewstep"
# Not what lints, checks types, drives browsers or draws test reports, and no types or maps: tests run without all that.
unneeded=(.cache playwright-core '@redocly' openai typescript '@typescript*' '@eslint*' 'eslint*' es-abstract axe-core prismjs 'yaml-ast-parser'
  openapi-typescript tshy node-gyp '@sigstore' '@tufjs' neostandard '@stylistic' react-dom)
tar -c -h "${unneeded[@]/#/--exclude=node_modules/}" --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.mts' --exclude='*.d.cts' --exclude='*.md' node_modules |
  tar -x -C "$stage/fewstep"
runtime=$stage/fewstep/node_modules/onnxruntime-node/bin/napi-v6
find "$runtime" -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf {} +
find "$runtime/linux" -mindepth 1 -maxdepth 1 ! -name x64 -exec rm -rf {} +
[ -z "$provider" ] || cp -L "$provider"/lib*.so* "$runtime/linux/x64/"
if [ -n "$slim" ]; then
  cuda=$runtime/linux/x64/libonnxruntime_providers_cuda.so
  "$python" scripts/gpu/slim_provider.py "$cuda" "$cuda.slim" "$slim"
  mv "$cuda.slim" "$cuda"
fi
cp "$(node -p process.execPath)" "$stage/node"
strip "$stage/node"
for model in ${GPU_MODELS:-}; do cp -rL "$model" "$stage/fewstep/models/"; done
if [ -z "${GPU_MODELS-}" ]; then
  PYTHONPATH=train "$python" -m fewstep_train export --model models/fewstep-stories --float16 --out "$stage/fewstep/models/fewstep-stories"
fi
# Models first and together: the graphs of one have the same weights, which xz sees where they lie within 64 MB. Several blocks unpack at once.
(cd "$stage" && { find fewstep/models ! -type d; echo node; find fewstep ! -type d ! -path 'fewstep/models/*'; } | tar -c -T -) | xz "${GPU_XZ:--9}" -T2 --block-size=96MiB | split -b "$piece" -d -a 3 - "$out/piece."
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
unxz() {
  if command -v xz > /dev/null; then xz -dc -T0; else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer)'; fi
}
cat "$from"/piece.* | unxz | tar -x --no-same-owner -C "$into"
UNPACK
chmod +x "$out/unpack.sh"
du -ch "$out"/piece.* | tail -1
