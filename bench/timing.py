"""What the measurements have in common: candidates take turns, neighbors in time are compared, parts are asked for."""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path


def alternating(candidates: Mapping[str, Callable[[int], object]], rounds: int) -> dict[str, list[float]]:
    """The seconds of each candidate in each round, in an order that changes from round to round."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    names = list(candidates)
    shuffler = random.Random(1)  # noqa: S311 - an order, no secret
    for number in range(rounds):
        shuffler.shuffle(names)
        for name in names:
            started = time.perf_counter()
            candidates[name](number)
            taken[name].append(time.perf_counter() - started)
    return taken


def ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """How many times as long some took as others: the median of rounds beside each other, whatever slows both."""
    return round(statistics.median(one / other for one, other in zip(some, others, strict=True)), 3)


def parser_of(description: str, parts: Iterable[str]) -> argparse.ArgumentParser:
    """A command line that may name parts, the folder to write to, and JSON on one line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print JSON on one line")
    parser.add_argument("--part", action="append", choices=parts, help="only this one; may be given again")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk to measure")
    return parser


def print_parts(given: argparse.Namespace, parts: Mapping[str, Callable[[], object]]) -> None:
    """Measure the parts that were asked for, or all, and print what was found."""
    results = {name: parts[name]() for name in given.part or parts}
    print(json.dumps(results, indent=None if given.json else 2))
