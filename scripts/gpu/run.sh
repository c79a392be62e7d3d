#!/usr/bin/env bash
# All that is to be seen on a GPU, in one go and in a given time; results go to one folder. In a folder that unpack.sh made:
#   fewstep/scripts/gpu/run.sh RESULTS [cuda|cpu]
# The parts run in order of their worth, each with a limit of its own; what does not fit into GPU_BUDGET seconds (default 300) is left out. One
# that fails does not keep the others from running. `cpu` tries the script itself where there is no GPU.
#   GPU_ROWS    of the timings (default 1,8,32,64)
#   GPU_SHAPES  of random weights, timed beside the published sampler in PyTorch (default "0.17b 1.3b"; tiny is for trying)
#   GPU_TESTS   of the engine (default: those that fit; empty: none)
#   PYTHON      with torch, onnx and numpy; its CUDA libraries are used, too (default: /opt/torch/.venv/bin/python3, or python3)
set -uo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
results=${1:?where to: run.sh RESULTS [cuda|cpu]}
provider=${2:-cuda}
budget=${GPU_BUDGET:-300}
rows=${GPU_ROWS:-1,8,32,64}
read -ra shapes <<< "${GPU_SHAPES-0.17b 1.3b}"
read -ra tests <<< "${GPU_TESTS-masked-diffusion session-pool score engine determinism}"
mkdir -p "$results"
results=$(cd "$results" && pwd)
node=$here/../node
[ -x "$node" ] || node=$(command -v node) || { echo 'there is neither Node beside this folder nor on the path' >&2; exit 2; }
python=${PYTHON:-/opt/torch/.venv/bin/python3}
[ -x "$python" ] || python=$(command -v python3)
PATH=$(dirname "$node"):$PATH
export FEWSTEP_EXECUTION_PROVIDER=$provider TEST_EXECUTION_PROVIDER=$provider FEWSTEP_CACHE_DIR=none CUDA_MODULE_LOADING=LAZY TAP_TIMEOUT=120 PYTHONPATH=$here/train
cd "$here"

# CUDA's libraries: those of Python's packages, which fit each other, before an installed toolkit's.
libraries() {
  local name found packages
  packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  for name in libcudart.so.13 libcublasLt.so.13 libcublas.so.13 libcurand.so.10 libnvrtc.so.13 libcudnn.so.9; do
    found=$(find -L "$packages/nvidia" /usr/local/cuda*/ /usr/lib/x86_64-linux-gnu -name "$name" -not -path '*/stubs/*' -print -quit 2> /dev/null)
    echo "$name ${found:-is missing}" >> "$results/libraries.txt"
    [ -z "$found" ] || dirname "$found"
  done | awk '!seen[$0]++' | paste -sd:
}
: > "$results/libraries.txt"
[ "$provider" = cpu ] || export LD_LIBRARY_PATH="$(libraries)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

part() { # NAME SECONDS COMMAND...
  local name=$1 limit=$2 begin=$SECONDS left=$((budget - SECONDS))
  shift 2
  if [ "$left" -lt 4 ]; then
    echo "$name left-out 0" | tee -a "$results/summary.txt"
    return 0
  fi
  timeout -k 2 "$((limit < left ? limit : left))" "$@" > "$results/$name.txt" 2>&1
  local code=$?
  echo "$name $code $((SECONDS - begin))" | tee -a "$results/summary.txt"
  return $code
}
script() { part "$1" "$2" "$node" --import tsx "${@:3}"; }

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
: > "$results/summary.txt"
(nvidia-smi -q || echo 'no nvidia-smi here') > "$results/nvidia-smi.txt" 2>&1
# Weights are made while other parts run; each shape is a whole folder at last.
timeout -k 2 "$budget" "$python" scripts/gpu/shapes.py write "$made" "${shapes[@]}" > "$results/shapes-write.txt" 2>&1 &
writer=$!
script doctor 20 src/cli/main.ts doctor --json
for model in models/*/; do
  name=$(basename "$model")
  script "parity-$name" 45 scripts/gpu/parity.ts "$model" "$provider"
  script "steps-$name" 30 scripts/gpu/steps.ts "$model" "$provider" "$rows"
done
engine_tests() {
  local test waiting=()
  for test in "${tests[@]}"; do
    "$node" --import tsx "test/engine/$test.test.ts" > "$results/test-$test.txt" 2>&1 &
    waiting+=("$!:$test")
  done
  local failed=0 each
  for each in "${waiting[@]}"; do
    wait "${each%%:*}" && echo "${each#*:} passed" || { failed=1; echo "${each#*:} failed"; }
  done
  return $failed
}
export -f engine_tests
export node results
[ ${#tests[@]} -eq 0 ] || part tests 45 bash -c "tests=(${tests[*]}); engine_tests"
for shape in "${shapes[@]}"; do
  while [ ! -d "$made/gpu-$shape" ] && kill -0 $writer 2> /dev/null && [ $SECONDS -lt "$budget" ]; do sleep 0.5; done
  script "steps-$shape" 45 scripts/gpu/steps.ts "$made/gpu-$shape" "$provider" "$rows"
  part "torch-$shape" 45 "$python" scripts/gpu/shapes.py time "$shape" "$provider" "$rows"
  CUDA_LAUNCH_BLOCKING=1 script "profile-$shape" 30 scripts/gpu/profile.ts "$made/gpu-$shape" "$provider" "${GPU_PROFILE_ROWS:-8}"
done
for model in models/*/; do
  for batch in 16 64; do script "service-$batch-$(basename "$model")" 60 scripts/gpu/service.ts "$model" "$provider" "$batch"; done
done
kill $writer 2> /dev/null
wait
"$python" scripts/gpu/table.py "$results" | tee "$results/table.txt"
grep 'missing' "$results/libraries.txt"
grep -m 1 -E '^[A-Za-z]*Error' "$results"/*.txt | sed "s|^$results/||" | cut -c -400
tar -czf "$results.tar.gz" -C "$(dirname "$results")" "$(basename "$results")"
echo "$SECONDS s; all results: $results.tar.gz"
! grep -qvE '^[^ ]+ 0 ' "$results/summary.txt"
