"""What a meta-gradient will store, said before it starts."""

from __future__ import annotations

from pathlib import Path


def free() -> int:
    """Bytes that may still be taken; 2**62 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvail"))
    except (OSError, StopIteration, ValueError, IndexError):
        return 2**62


def shown(size: int) -> str:
    """ "0.3 GB" or "12 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{max(size / 1e6, 1):.0f} MB"
