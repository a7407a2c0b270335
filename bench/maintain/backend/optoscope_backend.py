"""setuptools, whose wheels get one file more: `optoscope.pth`, which Python reads when it starts.

`python -m bench` looks for `bench` in the user's folder first, before any line of ours has run; only such a file comes
before that. It does nothing for any other start of Python.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  the hooks that stay as they are

NAME = "optoscope.pth"
LINE = (
    "import sys; any(a[:1] == '-' and a[1:2] != '-' and a[-1:] == 'm' and b == 'bench' or a == '-mbench' "
    "for a, b in zip(sys.orig_argv[1:], [*sys.orig_argv[2:], ''])) and __import__('optoscope')\n"
)
"""Importing optoscope pins the names of the project's packages."""


def build_wheel(folder: str, config_settings: Any = None, metadata: str | None = None) -> str:
    """The wheel of setuptools with the line -> its file name in `folder`."""
    return _with_line(folder, build_meta.build_wheel(folder, config_settings, metadata))


def build_editable(folder: str, config_settings: Any = None, metadata: str | None = None) -> str:
    """The same of an editable installation."""
    return _with_line(folder, build_meta.build_editable(folder, config_settings, metadata))


def _with_line(folder: str, wheel: str) -> str:
    """Write the wheel again with the file in it, and in its list of files."""
    path, made = Path(folder, wheel), Path(folder, f"{wheel}.made")
    digest = base64.urlsafe_b64encode(hashlib.sha256(LINE.encode()).digest()).rstrip(b"=").decode()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        after.writestr(NAME, LINE)
        for member in before.infolist():
            content = before.read(member)
            if member.filename.endswith(".dist-info/RECORD"):
                content += f"{NAME},sha256={digest},{len(LINE)}\n".encode()
            after.writestr(member, content)
    os.replace(made, path)
    return wheel
