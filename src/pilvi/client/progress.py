"""A progress bar for bytes, on a terminal; nowhere else does it print anything."""

import sys
from collections.abc import Iterator


def shown(pieces: Iterator[bytes], label: str, size: int | None, done: int = 0) -> Iterator[bytes]:
    """The pieces as they are, drawn on standard error while they pass."""
    if not sys.stderr.isatty():
        yield from pieces
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=size, completed=done)
        for piece in pieces:
            yield piece
            bar.advance(task, len(piece))
