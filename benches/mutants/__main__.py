"""Try the tests on a seeded sample of mutants: ``python -m benches.mutants 300 3600``.

All sampled mutants are compiled into one copy of the project, outside the repository, each behind a switch; every test
is run once to see which mutants it reaches; then each mutant is switched on for the tests that reach it, the quickest
first, until one fails.  A run takes up where the last one ended, with the tests as they are now: mutants that lived are
tried again on files of tests that have changed.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from . import reach
from .table import table
from .trial import Trials, preload
from .workshop import HERE, Workshop


def main() -> int:
    """Run what the command line asks for; 1 if fewer than 95 of 100 are noticed."""
    asked = _arguments()
    workshop = Workshop(asked.folder)
    if asked.again or workshop.read("sample") != [asked.sample, asked.seed]:
        workshop.prepare(asked.sample, asked.seed)
        workshop.write("sample", [asked.sample, asked.seed])
    workshop.renew_tests()
    reach.of_rust(workshop, asked.test_seconds)
    reach.of_python(workshop, asked.test_seconds)
    _try_all(workshop, asked)
    mutants, outcomes = workshop.mutants(), {int(k): v for k, v in workshop.read("outcomes").items()}
    text = table(mutants, outcomes, json.loads((HERE / "reasons.json").read_text()))
    print(text)
    if asked.out:
        asked.out.write_text(_page(asked, text))
    return int(sum(bool(outcome["noticed"]) for outcome in outcomes.values()) < 0.95 * len(mutants))


def _try_all(workshop: Workshop, asked: argparse.Namespace) -> None:
    """Try mutants until the time is over, those first whose tests are quick; by the same tests none is tried again."""
    end = time.monotonic() + asked.seconds
    preload()
    trials, mutants, outcomes = Trials(workshop), workshop.mutants(), workshop.read("outcomes")
    for number in sorted(mutants, key=lambda number: trials.cost(number, mutants[number].path)):
        known, path = outcomes.get(str(number), {"blind": {}}), mutants[number].path
        if "noticed" in known and trials.is_known(number, path, known):
            continue
        if time.monotonic() > end:
            break
        outcome = trials.of(number, path, known, asked.mutant_seconds)
        print(f"{outcome['seconds']:6.1f} s  {mutants[number]}  {outcome['noticed'] or 'LIVES'}", flush=True)
        outcomes[str(number)] = outcome
        workshop.write("outcomes", outcomes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.mutants", description=__doc__)
    parser.add_argument("sample", type=int, nargs="?", default=300, help="number of mutants, half in Rust")
    parser.add_argument("seconds", type=float, nargs="?", default=7200, help="no mutant is begun afterwards")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="build anew, from the sources as they are now")
    parser.add_argument("--mutant-seconds", type=float, default=600, help="no file of tests is begun afterwards")
    parser.add_argument("--test-seconds", type=float, default=600, help="a file of tests that takes longer is left out")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "hlmrs-mutants")
    parser.add_argument("--out", type=Path, help="write the table there too, such as docs/mutants.md")
    return parser.parse_args()


PAGE = """# Mutation testing

By `python -m benches.mutants {sample} --seed {seed}` (`make mutants`).  A mutant is one small fault, put into code
that computes or decides in `rust/` and `python/hlmrs` (not in rooms that only write and draw):

- an operator of arithmetic, of comparison or of logic is another one; a minus or a "not" is left out;
- a condition is negated;
- a number: 0 and 1 change places, another whole number is one more, a real one is twice itself, a tolerance below 0.001
  a thousand times;
- an assignment, a call for its effect or the raising of an error is left out;
- a function returns the default of its type, or None.

It is noticed if a test that reaches it fails, or takes five times as long and two minutes.  Mutants of Rust that do
not compile are not counted.  Reasons of survivors are kept in `benches/mutants/reasons.json`.

{table}
"""


def _page(asked: argparse.Namespace, text: str) -> str:
    """Return the table as a document."""
    return PAGE.format(sample=asked.sample, seed=asked.seed, table=text)


if __name__ == "__main__":
    sys.exit(main())
