# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "ours, warm"
# tasks = ["stetson_j", "moments"]
# layouts = ["sorted", "shuffled"]
# ///
"""Our library, measured like its peers: in a warm process, with the result in memory."""

import os
import sys

program = os.environ["TAPE_WARM"]
os.execv(program, [program, *sys.argv[1:]])
