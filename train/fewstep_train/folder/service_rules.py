"""What the service refuses in a manifest, refused before it is written."""

from collections.abc import Mapping
from typing import Any

from fewstep_train.kinds import MASKED

# Of the defaults, as the service takes them in a request.
RANGES: dict[str, tuple[float, float]] = {
    "steps": (1, 1024),
    "temperature": (0, 2),
    "top_k": (0, 2**31 - 1),
    "top_p": (1e-9, 1),
}
CHOICES = {
    "solver": ("cumulative", "euler", "euler_exact"),
    "schedule": ("uniform", "geometric"),
    "jumps": ("independent", "spread"),
}
LONGEST_NAME = 128


def check_name(name: str) -> None:
    """Raises SystemExit where the service would refuse a model of this name."""
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= LONGEST_NAME:
        raise SystemExit(
            f"{name[:40]!r} names the model: use at most {LONGEST_NAME} letters, digits, signs and spaces, "
            "no space at either end"
        )


def check_defaults(defaults: Mapping[str, Any], kind: str) -> None:
    """Raises SystemExit where the service would refuse a model with these defaults."""
    for key, (low, high) in RANGES.items():
        if not low <= defaults[key] <= high:
            raise SystemExit(f"defaults: {key} is {defaults[key]}, not from {low} to {high}")
    for key, choices in CHOICES.items():
        if defaults[key] not in choices:
            raise SystemExit(f"defaults: {key} is {defaults[key]!r}, not one of {', '.join(choices)}")
    if defaults["jumps"] == "spread" and (kind in MASKED or defaults["solver"] != "cumulative"):
        raise SystemExit(
            "defaults: jumps can be spread only where the solver is cumulative, in a model that has solvers"
        )
