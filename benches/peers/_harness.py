"""What the peers share: the conversation with `cargo xtask bench peers`.

A script calls `serve(start)`. `start(job)` is the start-up, timed apart: it imports, compiles and starts clusters, and
returns the run, a function that reads the survey and returns its result, in memory. `answers` turns that result into an
Arrow table of id, band and values, untimed: no user needs our order of rows, or our types.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THREADS = 2
# Read by libraries when they are imported; the others are told by the scripts.
for variable in ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

#: The columns that tell rows apart.
KEYS = ("id", "band", "bin")

@dataclass(frozen=True)
class Job:
    """What one process computes, again and again."""

    row: str
    task: str
    #: What is computed, as `tape batch --stat` has it.
    statistics: str
    #: The columns of the answers, the key first.
    answers: str
    layout: str
    files: list[str]
    #: The survey's columns of id, time, flux, error and band.
    id: str
    time: str
    flux: str
    error: str
    band: str

    @property
    def values(self) -> list[str]:
        """The columns of the answers beside the key."""
        return [name for name in self.answers.split(",") if name not in KEYS]


def serve(start: Callable[[Job], Callable[[], Any]], answers: Callable[[Any, Job], Any] = lambda result, _: result) -> None:
    """Does what standard input says, line by line: `run`, or `answer PATH`."""
    # What libraries print must not be taken for ours.
    reply = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = arguments()
    run = start(job)
    result = None
    print("ready", file=reply)
    for line in sys.stdin:
        word, _, path = line.strip().partition(" ")
        if word == "run":
            result = None  # Two results at once would be our memory, not the peer's.
            result = run()
        else:
            write(answers(result, job), job, path)
        print("done", file=reply)


def arguments() -> Job:
    parser = ArgumentParser()
    for name in ("row", "task", "statistics", "answers", "layout", "columns"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    what = (args.row, args.task, args.statistics, args.answers, args.layout)
    return Job(*what, args.files, *args.columns.split(","))


def write(table: Any, job: Job, path: str) -> None:
    """Writes an Arrow table as `tape batch` would: sorted by id and band, and of the same types."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pa.table(table)
    table = table.rename_columns([{job.id: "id", job.band: "band"}.get(name, name) for name in table.column_names])
    names = job.answers.split(",")
    types = {"id": pa.int64(), "band": pa.string(), "n_obs": pa.uint64()}
    types |= {"bin": pa.int64(), "observation_count": pa.int64()}
    fields = [pa.field(name, types.get(name, pa.float64())) for name in names]
    table = table.select([field.name for field in fields]).cast(pa.schema(fields))
    # Of too few epochs there is no value, which NumPy has no other sign for.
    columns = [pc.if_else(pc.is_nan(c), None, c) if pa.types.is_floating(c.type) else c for c in table.columns]
    table = pa.table(columns, schema=table.schema)
    pq.write_table(table.sort_by([(name, "ascending") for name in names if name in KEYS]), path)
