"""The attack at large: ``python -m benches.attack 600``.

Each attack gets the same share of the time, in a process of its own, so that a crash is a fault like any other.  A case
is a number, from which all is drawn: ``--only "columns: Arrow" --first 17 --cases 1`` repeats one.  Prints a table, and
ends with 1 if anything was at fault.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STUCK = 300.0
"""Seconds that a case may take."""
SHOWN = 5
Result = dict[str, Any]


def attacks() -> dict[str, Callable[[int], None]]:
    """Return every attack by name; it raises anything where something is at fault."""
    from . import columns, files, formulas, scales, together

    return formulas.ATTACKS | columns.ATTACKS | files.ATTACKS | together.ATTACKS | scales.ATTACKS | together.ONCE


def main() -> int:
    """Run what the command line asks for."""
    asked = _arguments()
    names = [name for name in attacks() if not asked.only or any(part in name for part in asked.only)]
    if asked.child:
        return _in_child(names[0], asked)
    results = {}
    for name in names:
        results[name] = _run(name, asked.seconds / len(names), asked)
        print(_row(name, results[name]), flush=True)
        print("".join(f"    {fault}\n" for fault in results[name]["faults"][:SHOWN]), end="", flush=True)
    if asked.out:
        asked.out.write_text(_page(asked, results))
    return int(any(result["faults"] for result in results.values()))


def _run(name: str, seconds: float, asked: argparse.Namespace) -> Result:
    """Run one attack in processes of its own; another one goes on after a crash."""
    end, first, total = time.monotonic() + seconds, asked.first, {"cases": 0, "seconds": 0.0, "faults": []}
    while (left := end - time.monotonic()) > 0 and (not asked.cases or total["cases"] < asked.cases):
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "result.json"
            command = [sys.executable, "-m", "benches.attack", str(left), "--only", name, "--child", str(kept)]
            command += ["--first", str(first), "--cases", str(asked.cases)]
            status = _status(command, kept)
            found = (
                json.loads(kept.read_text()) if kept.exists() else {"cases": 0, "seconds": 0, "faults": [], "at": first}
            )
        if status:
            found["faults"].append(f"case {found['at']}: the process {status}")
        total = {key: total[key] + found[key] for key in total}
        first = found["at"] + 1
        if not status or len(total["faults"]) > 50:
            break
    return total


def _status(command: list[str], kept: Path) -> str:
    """Return how a process ended if not well; it is stopped if one case takes too long."""
    quiet = subprocess.DEVNULL
    with (
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=told) as process,
    ):
        begun = time.time()
        while process.poll() is None:
            time.sleep(0.2)
            last = kept.stat().st_mtime if kept.exists() else begun
            if time.time() - last > STUCK and "memory" not in command[5]:
                process.kill()
                return f"did not end a case in {STUCK:.0f} s"
        if process.returncode < 0:
            return f"was ended by {signal.Signals(-process.returncode).name}"
        told.seek(0)
        return f"ended with {process.returncode}: {told.read()[-500:]}" if process.returncode else ""


def _in_child(name: str, asked: argparse.Namespace) -> int:
    """Run the cases of one attack, and keep the state before each."""
    attack, begun, case = attacks()[name], time.monotonic(), asked.first
    faults: list[str] = []
    once = name.startswith("memory")
    while (seconds := time.monotonic() - begun) < asked.seconds and (
        not asked.cases or case < asked.first + asked.cases
    ):
        asked.child.write_text(
            json.dumps({"cases": case - asked.first, "seconds": seconds, "faults": faults, "at": case})
        )
        try:
            attack(case)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # panics of libraries too
            faults.append(f"case {case}: {_told(error)}")
        case += 1
        if once or len(faults) > 50:
            break
    seconds = time.monotonic() - begun
    asked.child.write_text(json.dumps({"cases": case - asked.first, "seconds": seconds, "faults": faults, "at": case}))
    return 0


def _told(error: BaseException) -> str:
    """Return an error on one line, with the place where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    notes = " ".join(getattr(error, "__notes__", []))
    text = " ".join(f"{error} {notes}".split())[:300]
    return f"{type(error).__name__}: {text} ({Path(place.filename).name}:{place.lineno})"


def _row(name: str, result: Result) -> str:
    return f"| {name} | {result['cases']:,} | {result['seconds']:.0f} | {len(result['faults'])} |"


def _page(asked: argparse.Namespace, results: dict[str, Result]) -> str:
    """Return the table as a document."""
    head = ["| attack | cases | seconds | faults |", "|---|---|---|---|"]
    rows = [_row(name, result) for name, result in results.items()]
    cases = [f"- **{name}**: {' '.join(str(attacks()[name].__doc__).split())}" for name in results]
    title = [
        "# The attack at large",
        "",
        f"By `python -m benches.attack {asked.seconds:.0f}`; a fault ends it with 1.",
        "",
    ]
    return "\n".join([*title, *head, *rows, "", "What a case is:", "", *cases, ""])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.attack", description=__doc__)
    parser.add_argument(
        "seconds", type=float, nargs="?", default=1800, help="of all attacks together; memory takes its own"
    )
    parser.add_argument("--only", action="append", help="part of the name of an attack; may be given several times")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--cases", type=int, default=0, help="how many cases, at most")
    parser.add_argument("--out", type=Path, help="write the table there too, such as docs/attack.md")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
