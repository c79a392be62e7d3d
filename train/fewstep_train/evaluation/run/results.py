"""evaluation.json: records of what was measured, so that a run that was stopped goes on where it was."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def read_records(file: Path) -> list[Record]:
    if not file.exists():
        raise SystemExit(f"{file}: no such file; nothing has been evaluated yet")
    return json.loads(file.read_text())["records"]


class Results:
    """A JSON file of flat records. A record is found again by the fields that say what it is of."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.stored: list[Record] = read_records(file) if file.exists() else []
        self.records: list[Record] = []  # those of this run, measured or found

    def find(self, what: Record) -> Record | None:
        return next((r for r in self.stored if all(r.get(k, ...) == v for k, v in what.items())), None)

    def once(self, what: Record, measure: Callable[[], Record]) -> tuple[Record, bool]:
        """(the record of `what`, whether it was there already); else `measure()` gives its other fields."""
        record = self.find(what)
        found = record is not None
        if record is None:
            record = json.loads(json.dumps({**what, **measure()}))  # as it will be read back
            self.stored.append(record)
            self.write(self.stored)
        self.records.append(record)
        return record, found

    def finish(self) -> None:
        """Keep the records of this run alone: those of other weights and settings are stale."""
        self.write(self.records)

    def write(self, records: list[Record]) -> None:
        """Write beside the old file, then replace it: a kill leaves one whole file."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        lines = ",\n".join(json.dumps(r) for r in records)
        partial.write_text(f'{{"records": [\n{lines}\n]}}\n')
        os.replace(partial, self.file)
