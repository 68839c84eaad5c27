"""Where the files of the console pages are: noVNC, xterm.js and our own."""

from pathlib import Path

FOLDER = Path(__file__).parent / "console_web"
