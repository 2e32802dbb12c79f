"""Measurements in processes of their own.

What a process has held at most, and what it has compiled, stays with it; only a fresh one shows
what a measurement costs by itself. The process that asks never loads TensorFlow.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any

from stransfer import loading
from stransfer.errors import BenchError, StransferError


def measured(module: str, **arguments: Any) -> Any:
    """Return what `measure` in a module of this package finds, called in a fresh process.

    Arguments and answer are values that JSON can hold. Raises BenchError if it fails.
    """
    name = f"{__package__}.{module}"
    command = [sys.executable, "-m", f"{__package__}.child", name, json.dumps(arguments)]
    return json.loads(answered(command))


def answered(command: list[str]) -> str:
    """Return the last line that a command prints, if any; raise BenchError if it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = (ended.stderr if ended.returncode else ended.stdout).strip().splitlines()
    if not ended.returncode:
        return said[-1] if said else ""
    reason = said[-1] if said else f"it ended with {ended.returncode} and said nothing"
    sentence = f"A measurement failed: {reason.removeprefix('stransfer: ')}"
    raise BenchError(sentence, exit_code=2 if ended.returncode == 2 else 1)


def main() -> None:
    """Measure what the command line names, and print the answer as one line of JSON."""
    name, arguments = sys.argv[1:]
    try:
        loading.load()
        found = importlib.import_module(name).measure(**json.loads(arguments))
    except StransferError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
