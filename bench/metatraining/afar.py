"""Trainings on a cluster, where no disk is shared: what a training wrote there comes back, and is written here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.errors import UserError
from bench.metatraining.kept import folder_of
from bench.metatraining.training import Training, checkpoint_of, metatrain
from bench.records.files import check_weights, write_bytes
from bench.running import cargo
from bench.running.cluster import Cluster
from bench.running.executor import Call
from bench.running.progress import Bar
from optimizers.weights_file import card_bytes


class Written(NamedTuple):
    """Files of a training: (path from the folder of its weights, bytes)."""

    files: tuple[tuple[str, bytes], ...] = ()


def train(training: Training, seeds: Mapping[Path, int], address: str, import_files: Iterable[str]) -> None:
    """Train `{weights file: seed}` on the workers of the scheduler at `address`, each written when it is done.

    One goes on from its checkpoint here, where there is one. Raises UserError for what is lost.
    """
    outs = [check_weights(out) for out in seeds]
    with Cluster(address, cargo.pack(import_files, [])) as executor, Bar("trainings", len(outs), 0) as bar:
        for out in outs:
            executor.submit(Call(_train, (training, seeds[out], str(out), _begun(out))))
        for result in executor.results():
            out = outs[result.number]
            if result.lost:
                raise UserError(f"the training of {out}: its process {result.lost.how}; run the same command again")
            _write(out, result.value)
            bar.finished(result.number, str(out))


def _begun(out: Path) -> Written:
    """What a training that was stopped here has left: its checkpoint, and weights on the way."""
    paths = [checkpoint_of(out), *sorted(folder_of(out).glob("*"))]
    return _read(out.parent, (path for path in paths if path.is_file())) if paths[0].is_file() else Written()


def _train(progress: Callable[[float], None], training: Training, seed: int, shown: str, begun: Written) -> Written:
    """In a process of a worker: the training, in a folder that is gone afterwards -> its files."""
    architecture, tasks, settings = training
    with tempfile.TemporaryDirectory(prefix="optoscope-training-") as folder:
        for name, content in begun.files:
            write_bytes(Path(folder) / name, content)
        out = Path(folder) / Path(shown).name
        quiet = {"baselines": settings.get("progress", True), **settings, "progress": False}
        metatrain(architecture, tasks, out=out, seed=seed, **quiet)
        written = _read(Path(folder), sorted(path for path in Path(folder).rglob("*") if path.is_file()))
        return Written(tuple((name, _shown(name, content, str(out), shown)) for name, content in written.files))


def _shown(name: str, content: bytes, there: str, shown: str) -> bytes:
    """A card whose command names the file of this machine, not the one that is gone."""
    if not name.endswith(".json"):
        return content
    before, after = (json.dumps(f"--out {path} ")[1:-1] for path in (there, shown))
    return card_bytes(json.loads(content.decode().replace(before, after)))


def _read(folder: Path, paths: Iterable[Path]) -> Written:
    return Written(tuple((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths))


def _write(out: Path, written: Written) -> None:
    """The weights' card last: it vouches for them."""
    for name, content in sorted(written.files, key=lambda file: file[0] == out.with_suffix(".json").name):
        write_bytes(out.parent / name, content)
    checkpoint_of(out).unlink(missing_ok=True)
