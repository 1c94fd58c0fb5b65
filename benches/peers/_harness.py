"""Shared by the peers: the protocol of `cargo xtask bench peers`.

A script calls `serve(start)`. `start(job)` imports, compiles and starts clusters, and is timed separately. It returns
the run: a function that reads the survey and returns its result in memory. `answers` converts the result to an Arrow
table of id, band and values. This is not timed, because users do not need our order of rows or our types.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THREADS = 2
# Libraries read these when they are imported. Scripts set the threads of the others.
for variable in ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

#: The columns that identify a row.
KEYS = ("id", "band", "bin")

@dataclass(frozen=True)
class Job:
    """The task of one process, which it runs repeatedly."""

    row: str
    task: str
    #: Statistics to compute, as for `tape batch --stat`.
    statistics: str
    #: Columns of the results, starting with the key.
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
        """The columns of the results without the key."""
        return [name for name in self.answers.split(",") if name not in KEYS]


def serve(start: Callable[[Job], Callable[[], Any]], answers: Callable[[Any, Job], Any] = lambda result, _: result) -> None:
    """Executes the commands from standard input, one per line: `run` or `answer PATH`."""
    # The output of libraries must not be mistaken for replies.
    reply = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = arguments()
    run = start(job)
    result = None
    print("ready", file=reply)
    for line in sys.stdin:
        word, _, path = line.strip().partition(" ")
        if word == "run":
            result = None  # Keeping two results would count our memory as the peer's.
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
    # NumPy has no nulls, so NaN stands for the result of too few epochs.
    columns = [pc.if_else(pc.is_nan(c), None, c) if pa.types.is_floating(c.type) else c for c in table.columns]
    table = pa.table(columns, schema=table.schema)
    pq.write_table(table.sort_by([(name, "ascending") for name in names if name in KEYS]), path)
