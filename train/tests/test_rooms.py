"""The rooms of the kit: who may import whom. Dependencies point one way, from a room to those above it in the table.

kinds, identity, random_state <- text, networks <- flow <- masked, graphs <- folder <- training <- benchmarks,
evaluation <- commands. Published checkpoints are read into networks, and know nothing of our folders. Masked diffusion
takes times and draws from flow, and graphs its constants of a step: the numbers that both must share. The harness knows
a running service, and nothing else of the kit.
"""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

import fewstep_train

KIT = fewstep_train.__name__
FOLDER = Path(fewstep_train.__file__).parent

# A room is a folder of the kit, a folder of its evaluation, or a module at its top; each may import itself and these.
ROOMS = {
    "kinds": "",
    "identity": "",
    "random_state": "",
    "text": "identity random_state",
    "networks": "kinds",
    "flow": "networks",
    "masked": "kinds networks flow",
    "graphs": "kinds networks flow",
    "folder": "kinds text networks graphs",
    "published": "kinds identity text networks",
    "training": "kinds identity random_state text networks flow folder",
    "benchmarks": "kinds identity networks flow graphs folder published training",
    "evaluation.systems": "kinds identity networks flow masked graphs folder training",
    "evaluation.measures": "identity text networks flow masked folder published training",
    "evaluation.run": "kinds identity flow masked training evaluation.systems evaluation.measures",
    "evaluation.report": "identity evaluation.systems evaluation.measures evaluation.run",
    "harness": "",
    "commands": "kinds identity text networks flow masked graphs folder published training benchmarks harness "
    "evaluation.systems evaluation.measures evaluation.run evaluation.report",
    "__main__": "commands",
}

# Packages that stand for a decision, and who alone imports them.
OWNERS = {
    "argparse": "commands __main__",
    "matplotlib": "evaluation.report",
    "safetensors": "published",
    "gguf": "published benchmarks",
    "yaml": "published",
    "lm_eval": "harness",
}


def room_of(name: str) -> str | None:
    """Of a module, or of what it holds, by its dotted name within the kit."""
    return next((room for room in ROOMS if f"{name}.".startswith(f"{room}.")), None)


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a module, or named in a string as a module of the kit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(f"{KIT}."):
            yield node.value


def allowed(room: str | None, target: str) -> bool:
    """May a module of `room` import `target`, a dotted name?"""
    top, _, inner = target.partition(".")
    if top != KIT:
        return top not in OWNERS or room in OWNERS[top].split()
    return room is not None and room_of(inner) in (room, *ROOMS[room].split())


def imports() -> Iterator[tuple[str, str | None, str]]:
    """(file, its room, what it imports) of every import of the kit."""
    for file in sorted(FOLDER.rglob("*.py")):
        path = file.relative_to(FOLDER)
        package = ".".join((KIT, *path.parent.parts))
        room = room_of(".".join(part for part in path.with_suffix("").parts if part != "__init__"))
        for target in imported(ast.parse(file.read_text()), package):
            yield str(path), room, target


def test_every_import_has_its_arrow():
    found = list(imports())
    assert len({file for file, _, _ in found}) > len(ROOMS)
    assert [f"{file} imports {target}" for file, room, target in found if not allowed(room, target)] == []


def test_every_arrow_has_its_import():
    needed = {(room, room_of(target.partition(".")[2])) for _, room, target in imports() if target.startswith(KIT)}
    arrows = {(room, other) for room, others in ROOMS.items() for other in others.split()}
    assert arrows - needed == set()


def test_dependencies_point_one_way():
    order = list(ROOMS)
    for i, room in enumerate(order):
        assert set(ROOMS[room].split()) <= set(order[:i]), room


def test_every_module_has_a_room():
    modules = [f for f in FOLDER.rglob("*.py") if f.name != "__init__.py"]
    names = (".".join(f.relative_to(FOLDER).with_suffix("").parts) for f in modules)
    assert [name for name in names if room_of(name) is None] == []


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("networks", "from fewstep_train.flow.path import Scheduler"),
        ("networks", "import fewstep_train.flow.path"),
        ("networks", "from fewstep_train import training"),
        ("training", "def late():\n    from fewstep_train.commands.export import run"),
        ("training", "from ..commands import export"),
        ("training", "importlib.import_module('fewstep_train.commands.export')"),
        ("evaluation.measures", "from fewstep_train.evaluation.report.report import table"),
        ("evaluation.measures", "from .. import report"),
        ("evaluation.run", "import argparse"),
        ("evaluation.run", "from matplotlib import pyplot"),
        (None, "from fewstep_train.kinds import CANVAS"),
    ],
)
def test_an_import_without_an_arrow_is_found(room, code):
    (target,) = imported(ast.parse(code), f"{KIT}.{room}")
    assert not allowed(room, target)
