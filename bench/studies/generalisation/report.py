"""From a planned matrix to its cells, table and heat maps in one folder."""

from __future__ import annotations

from pathlib import Path

from bench.records.files import note, write_bytes
from bench.studies.generalisation import figures
from bench.studies.generalisation.analyze import table
from bench.studies.generalisation.measure import run
from bench.studies.generalisation.pages import render
from bench.studies.generalisation.plan import Matrix, jobs, left_out


def finish(matrix: Matrix, out: Path, form: str, *, workers: int = 1, import_files=()) -> str:
    """Run what is missing, write table and heat maps to `out` -> the table in `form`. Raises UserError."""
    records = run(jobs(matrix), out, workers=workers, import_files=import_files)
    frame = table(matrix, records)
    write_bytes(out / "table.csv", frame.to_csv(index=False).encode())
    write_bytes(out / "table.md", (render(frame, "md") + "\n").encode())
    drawn = figures.draw(frame, out)
    note(f"heat maps: {', '.join(map(str, drawn))}; numbers: {out / 'table.csv'}")
    if missing := left_out(matrix):
        note(f"left out, as costly: {', '.join(missing)}; name them with --tasks")
    return render(frame, form)
