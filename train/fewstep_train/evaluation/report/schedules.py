"""What a search for step sizes found, as a table."""

from collections.abc import Mapping, Sequence

from fewstep_train.evaluation.report.report import number, table
from fewstep_train.evaluation.run.schedule_search import Verdict


def row(steps: int, name: str, found: Verdict, others: Sequence[Verdict]) -> list[str]:
    """`others`: of the same schedule, by other judges."""
    return [
        str(steps),
        name if "," not in found.schedule else found.schedule.replace(",", ", "),
        number("bits_per_byte", found.quality.bits),
        number("entropy", found.quality.entropy),
        *(f"{each.gain.value:+.3f} ± {each.gain.error:.3f}" for each in (found, *others)),
        "yes" if found.clearly_better else "",
    ]


def verdict_table(judge: str, verdicts: Mapping[str, Mapping[int, Mapping[str, Verdict]]]) -> str:
    """`verdicts` by judge, steps and name. That of `judge` counts; beside it stands what the others say."""
    others = [each for each in verdicts if each != judge]
    rows = [
        row(steps, name, found, [verdicts[other][steps][name] for other in others])
        for steps, named in verdicts[judge].items()
        for name, found in named.items()
    ]
    more = [f"gain, {other} judge" for other in others]
    return table(["steps", "step sizes", "bits a byte", "entropy, bits", "gain", *more, "clearly better"], rows)
