"""How a model was trained: a record for each stage, with what that stage alone has used."""

from dataclasses import asdict, dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """Of training, over all runs that went on from one another."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass
class Stages:
    """`record`: what readers of a manifest should know of this stage, its name first. `choices`: every option that
    changes how a step trains; where one changes, another stage begins. `earlier`: the records of those before it.
    `begun`: what was spent by then.
    """

    record: Record = field(default_factory=dict)
    choices: Record = field(default_factory=dict)
    earlier: list[Record] = field(default_factory=list)
    begun: Spent = field(default_factory=Spent)

    def resume(self, checkpoint: Record) -> tuple[Spent, Record]:
        """Go on where a checkpoint was: (what it spent, choices that have changed, each as (before, now)).

        Raises SystemExit where it is of another kind of training.
        """
        last = checkpoint["training"]
        if last.get("stage") != self.record.get("stage"):
            made, wanted = last.get("stage"), self.record.get("stage")
            raise SystemExit(f"a checkpoint of {made!r}, not of {wanted!r}: name another --out")
        self.earlier = checkpoint.get("earlier_stages", [])
        if "spent" not in checkpoint:  # of a version that knew one stage, and not all of its choices
            spent = Spent(last["steps"], last["tokens"], last["hours"] * 3600)
            before, names = last, last.keys() & self.choices.keys()
        else:
            spent, self.begun = Spent(**checkpoint["spent"]), Spent(**checkpoint["begun"])
            before, names = checkpoint["choices"], checkpoint["choices"].keys() | self.choices.keys()
        pairs = {name: (before.get(name), self.choices.get(name)) for name in sorted(names)}
        changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if changed:
            self.earlier, self.begun = [*self.earlier, last], spent
        return spent, changed

    def to_checkpoint(self, spent: Spent, held_out: float | None) -> Record:
        used = {
            "steps": spent.steps - self.begun.steps,
            "tokens": spent.tokens - self.begun.tokens,
            "hours": round((spent.seconds - self.begun.seconds) / 3600, 4),
        }
        judged = {} if held_out is None else {"held_out_loss": round(held_out, 4)}
        return {
            "earlier_stages": self.earlier,
            "training": {**self.record, **used, **judged},
            "choices": self.choices,
            "begun": asdict(self.begun),
            "spent": asdict(spent),
        }
