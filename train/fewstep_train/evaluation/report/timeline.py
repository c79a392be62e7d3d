"""The token timeline: a text whose tokens are coloured by the step of their last change, as SVG."""

import html
from collections.abc import Sequence

from tokenizers import Tokenizer

from fewstep_train.evaluation.systems.samples import Samples

COLOURS = ("#fde2e4", "#ffe5c9", "#fff6bf", "#e2f5c9", "#cdf1e4", "#d3ebfb", "#dcdcfa", "#f1dcf7")
GIVEN = "#ffffff"
COLUMNS, CHARACTER, LINE = 96, 8.0, 22  # characters a line; their width and the height of a line, in pixels
Piece = tuple[str, int]
"""A token's text and the step, from 1, of its last change; 0: given."""


def pieces(samples: Samples, row: int, tokenizer: Tokenizer) -> list[Piece]:
    tokens, steps = samples.tokens[row].tolist(), samples.last_change[row].tolist()
    texts = [tokenizer.decode([t], skip_special_tokens=False) for t in tokens]
    return [(printable(text), step) for text, step in zip(texts, steps, strict=True)]


def printable(text: str) -> str:
    """Line breaks as a sign, other control characters, which SVG forbids, as the replacement character."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text.replace("\n", "\u23ce"))


def colour(step: int, steps: int) -> str:
    """Eight colours; more steps than that share them evenly."""
    return GIVEN if step == 0 else COLOURS[(step - 1) * len(COLOURS) // max(steps, len(COLOURS))]


def wrapped(row: Sequence[Piece]) -> list[list[Piece]]:
    """Lines of at most COLUMNS characters; a line ends after a line break of the text."""
    lines: list[list[Piece]] = [[]]
    width = 0
    for text, step in row:
        if width + len(text) > COLUMNS and lines[-1]:
            lines.append([])
            width = 0
        lines[-1].append((text, step))
        width += len(text)
        if text.endswith("\u23ce"):
            lines.append([])
            width = 0
    return [line for line in lines if line]


def span(text: str, step: int, steps: int, x: float, y: float) -> str:
    width = len(text) * CHARACTER
    title = f"<title>step {step} of {steps}</title>" if step else "<title>given</title>"
    box = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{LINE - 3}" rx="3" fill="{colour(step, steps)}"/>'
    letters = f'<text x="{x:g}" y="{y + 14:g}" textLength="{width:g}" xml:space="preserve">{html.escape(text)}</text>'
    return f"<g>{title}{box}{letters}</g>"


def timeline_svg(rows: Sequence[Sequence[Piece]], steps: int) -> str:
    """The rows one below another, under a legend of the colours."""
    drawn, y = [], 8.0
    shown = min(steps, len(COLOURS))
    legend = [(f" {(i * steps) // shown + 1} ", (i * steps) // shown + 1) for i in range(shown)]
    for line in [[(" step of the last change: ", 0), *legend], *(line for row in rows for line in [[], *wrapped(row)])]:
        x = 8.0
        for text, step in line:
            drawn.append(span(text, step, steps, x, y))
            x += len(text) * CHARACTER
        y += LINE if line else LINE / 2
    width = COLUMNS * CHARACTER + 16
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {y + 8:g}" width="{width:g}"'
    style = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#222"'
    return f'{head} {style}><rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
