"""A tqdm bar over jobs that moves while they run: finished ones, and shares of those in flight."""

from __future__ import annotations

from tqdm import tqdm

from bench.terminal import shown


class Bar:
    """`total` jobs of which `done` are done already; nothing is shown where there are none."""

    def __init__(self, noun: str, total: int, done: int):
        self._done = done
        self._shares: dict[int, float] = {}
        form = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} [{elapsed}<{remaining}{postfix}]"
        self._tqdm = tqdm(total=total, initial=done, desc=noun, disable=not total, bar_format=form)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._tqdm.close()

    def share(self, number: int, share: float) -> None:
        """Job `number` has got on by `share`."""
        self._shares[number] = self._shares.get(number, 0.0) + share
        self._show()

    def finished(self, number: int, name: str) -> None:
        """Job `number`, called `name`, is done."""
        self._shares.pop(number, None)
        self._done += 1
        self._tqdm.set_postfix_str(shown(name), refresh=False)
        self._show()

    def _show(self) -> None:
        ahead = sum(min(share, 1.0) for share in self._shares.values())
        self._tqdm.update(self._done + ahead - self._tqdm.n)
