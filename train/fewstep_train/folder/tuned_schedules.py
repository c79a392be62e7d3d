"""Step sizes that were searched for, in a model's manifest. The service reads them in src/model/tuned-schedules.ts."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewstep_train.folder.exported import read_manifest

TUNED = "tuned"  # as a request names it
SMALLEST, MOST_STEPS, SUM_TOLERANCE = 1 / 1024, 1024, 1e-4  # as the service has them
DEPENDS_ON = ("temperature", "top_k", "top_p", "solver", "schedule", "jumps")  # defaults that a search goes by


@dataclass(frozen=True)
class TunedSchedule:
    """`step_sizes` sum to 1. `clearly_better`: than the default schedule; then requests that name none get it."""

    step_sizes: list[float]
    clearly_better: bool


def checked(steps: str, entry: object) -> tuple[int, TunedSchedule]:
    """An entry of the manifest's `schedules`. Raises ValueError in one sentence where the service would refuse it."""
    count = int(steps) if steps.isascii() and steps.isdecimal() and steps[0] != "0" else 0
    if not 1 <= count <= MOST_STEPS:
        raise ValueError(f"schedules has {steps!r}, which is no number of steps from 1 to {MOST_STEPS}")
    if not isinstance(entry, dict) or not isinstance(entry.get("clearly_better"), bool):
        raise ValueError(f"schedules.{steps} must be an object of step_sizes and clearly_better")
    sizes = entry.get("step_sizes")
    if not isinstance(sizes, list) or not all(
        isinstance(h, int | float) and not isinstance(h, bool) and SMALLEST <= h <= 1 for h in sizes
    ):
        raise ValueError(f"schedules.{steps}.step_sizes must be a list of numbers from 1/1024 to 1")
    if len(sizes) != count:
        raise ValueError(f"schedules.{steps} has {len(sizes)} step_sizes, not {steps}")
    if abs(sum(sizes) - 1) > SUM_TOLERANCE:
        raise ValueError(f"schedules.{steps}.step_sizes sum to {sum(sizes):g}, not to 1")
    return count, TunedSchedule(sizes, entry["clearly_better"])


def tuned_schedules(manifest: Mapping[str, Any]) -> dict[int, TunedSchedule]:
    """By the number of steps, the fewest first; none in old manifests. Raises SystemExit where they are damaged."""
    entries = manifest.get("schedules", {})
    try:
        if not isinstance(entries, dict):
            raise ValueError("schedules must be an object of numbers of steps, each with step_sizes and clearly_better")
        return dict(sorted(checked(*item) for item in entries.items()))
    except ValueError as problem:
        raise SystemExit(f"{manifest['name']}: {problem}") from None


def write_schedules(folder: Path, entries: Mapping[int, Mapping[str, Any]]) -> None:
    """Put entries into the manifest, those of other numbers of steps stay. A kill leaves one whole manifest."""
    manifest = read_manifest(folder)
    merged = {**manifest.get("schedules", {}), **{str(steps): dict(entry) for steps, entry in entries.items()}}
    manifest["schedules"] = {steps: merged[steps] for steps in sorted(merged, key=int)}
    tuned_schedules(manifest)
    file = folder / "manifest.json"
    partial = file.with_suffix(".partial")
    partial.write_text(f"{json.dumps(in_order(manifest), indent=2)}\n")
    os.replace(partial, file)


def in_order(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """`schedules` stands after `defaults`."""
    others = {key: value for key, value in manifest.items() if key != "schedules"}
    ordered: dict[str, Any] = {}
    for key, value in others.items():
        ordered[key] = value
        if key == "defaults" and manifest.get("schedules"):
            ordered["schedules"] = manifest["schedules"]
    return ordered
