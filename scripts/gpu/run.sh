#!/usr/bin/env bash
# All that is to be seen on a GPU, in one go; results go to one folder. In a folder that unpack.sh made:
#   fewstep/scripts/gpu/run.sh RESULTS [cuda|cpu]
# Each part has a file of its own with its exit code beside it, and one that fails does not keep the others from running. `cpu` tries the
# script itself where there is no GPU; GPU_ROWS=1,2 makes the timings small and leaves the engine's tests out.
set -uo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
results=${1:?where to: run.sh RESULTS [cuda|cpu]}
provider=${2:-cuda}
mkdir -p "$results"
results=$(cd "$results" && pwd)
node=$here/../node
[ -x "$node" ] || node=$(command -v node) || { echo 'there is neither Node beside this folder nor on the path' >&2; exit 2; }
PATH=$(dirname "$node"):$PATH
export FEWSTEP_EXECUTION_PROVIDER=$provider FEWSTEP_CACHE_DIR=none
cd "$here"

part() { # NAME COMMAND...
  local name=$1 begin=$SECONDS
  shift
  "$@" > "$results/$name.txt" 2>&1
  local code=$?
  echo "$name $code $((SECONDS - begin))" | tee -a "$results/summary.txt"
}

: > "$results/summary.txt"
nvidia-smi -q > "$results/nvidia-smi.txt" 2>&1 || echo 'no nvidia-smi here' > "$results/nvidia-smi.txt"
part doctor "$node" --import tsx src/cli/main.ts doctor --json
for model in models/*/; do
  part "parity-$(basename "$model")" "$node" --import tsx scripts/gpu/parity.ts "$model" "$provider"
  part "steps-$(basename "$model")" "$node" --import tsx scripts/gpu/steps.ts "$model" "$provider" ${GPU_ROWS-}
done
for test in engine determinism embedded-model session-pool masked-diffusion; do
  [ -n "${GPU_ROWS-}" ] || part "test-$test" "$node" --import tsx "test/engine/$test.test.ts"
done
! grep -qvE '^[^ ]+ 0 ' "$results/summary.txt"
