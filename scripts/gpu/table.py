"""What run.sh found, as one short table: python3 scripts/gpu/table.py RESULTS"""

import json
import sys
from pathlib import Path

H100_FLOPS = 989e12  # of dense 16-bit products, by NVIDIA's data sheet

results = Path(sys.argv[1])
found = []
for file in sorted(results.glob("*.txt")):
    for line in file.read_text(errors="replace").splitlines():
        if line.startswith("{") and line.endswith("}"):
            found.append(json.loads(line))
lines = [line for line in found if "service" not in line]
services = [line for line in found if "service" in line]

for line in lines:
    if "worst" in line:
        verdict = "ok" if line["good"] else "BAD"
        print(f"{verdict:4}{line['graph']:16} worst {line['worst']}, by its batch {line['alone_against_crowd']}")
timings = [line for line in lines if "rows" in line]
published = {(line["model"], line["rows"]): line for line in timings if line["provider"].startswith("torch")}
print(f"{'model':18}{'rows':>5}{'ms':>9}{'tokens/s':>11}{'like row 1':>11}{'torch ms':>10}{'faster':>8}{'of peak':>9}")
for line in timings:
    if line["provider"].startswith("torch"):
        continue
    other = published.get((line["model"], line["rows"]), {})
    row = f"{line['model']:18}{line['rows']:5}"
    if "error" in line:
        print(f"{row}  {line['error'][:90]}")
        continue
    row += f"{line['ms']:9.2f}{line['tokens_per_second']:11}{line['like_first_row']:11.4f}"
    if "ms" in other:
        row += f"{other['ms']:10.2f}{other['ms'] / line['ms']:8.2f}"
    if "flops" in other:
        row += f"{other['flops'] / (line['ms'] / 1000) / H100_FLOPS:9.1%}"
    print(row)
for line in published.values():
    if "error" in line:
        print(f"{line['model']:18}{line['rows']:5}  PyTorch: {line['error'][:90]}")
for line in services:
    print(
        f"{line['service']:18}{line['clients']:5} clients{' and a kill' if line['killed'] else '':11} "
        f"{line['texts_per_second']:8.1f} texts/s {line['tokens_per_second']:9.0f} tokens/s, batches of {line['mean_batch']:.1f}, "
        f"step {line['step_ms']:.2f} ms, busy {line['busy']:.2f}, {line['failed']} of {line['requests']} failed"
    )
