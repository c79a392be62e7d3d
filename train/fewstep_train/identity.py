"""Hashes that say what something was made of: files by their content, code by what it does."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

KIT = __package__
DIGITS = 16


def digest(*parts: bytes | str) -> str:
    """The first DIGITS hexadecimal digits of the SHA-256 of the parts, each with its length before it."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()[:DIGITS]


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def content_identity(paths: Iterable[Path]) -> str:
    """Of the contents of files, in their order, whatever they are called."""
    return digest(*map(file_digest, paths))


def code_identity(*modules: str) -> str:
    """Of the code of modules of this kit, and of all of the kit that they import.

    Comments, docstrings, layout and where a module lies do not count; nor do other packages.
    """
    found: set[str] = set()
    left = list(modules)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += module_code(name)[1]
    return digest(*sorted(module_code(name)[0] for name in found))


@cache
def module_code(name: str) -> tuple[str, tuple[str, ...]]:
    """(the code of a module without what does not count, the modules of this kit that it imports)"""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"no module {name}")
    tree = ast.parse(Path(spec.origin).read_text())
    imported = tuple(kit_imports(tree))
    return ast.unparse(Bare().visit(tree)), imported


def of_kit(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] == KIT


def kit_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if of_kit(alias.name))
        elif isinstance(node, ast.ImportFrom) and of_kit(node.module):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if is_package(node.module) and find_spec(inner) else node.module


def is_package(module: str) -> bool:
    spec = find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


class Bare(ast.NodeTransformer):
    """Code without docstrings and without imports of this kit: what those bring in counts for itself."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_Import(self, node: ast.Import) -> ast.Import | None:
        return None if any(of_kit(alias.name) for alias in node.names) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if of_kit(node.module) else node
