"""`pilvi doctor`: what is wrong on this host and with the cloud, a line each with its mend."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from pilvi.commands.cloud_checks import examine_cloud
from pilvi.commands.finding import Finding
from pilvi.commands.host_checks import examine_host
from pilvi.errors import InvalidRequest
from pilvi.settings import FILE_NAME, Settings, load_settings


def examine(settings: Settings, *, has_cloud: bool) -> Iterator[Finding]:
    """The host, and the cloud where one was ever started."""
    yield from examine_host(settings)
    if has_cloud:
        yield from examine_cloud(settings)


def render_finding(finding: Finding) -> str:
    """A finding for people. Pure."""
    if finding.is_well:
        return f"ok      {finding.what}"
    mark = "MISSING" if finding.is_need else "note   "
    return f"{mark} {finding.what}  →  {finding.mend}"


def render_json(findings: Sequence[Finding]) -> str:
    """All findings for programs. Pure."""
    told = [asdict(finding) for finding in findings]
    return json.dumps({"findings": told, "exit_status": exit_status(findings)}, indent=2)


def exit_status(findings: Sequence[Finding]) -> int:
    """1 when something has to be mended. Pure."""
    return int(any(finding.is_bad for finding in findings))


def run_doctor(state_dir: Path, console: Console, *, as_json: bool = False) -> int:
    """Print every finding; the exit status is 1 when something needs mending."""
    findings = []
    for finding in _examine_at(state_dir):
        findings.append(finding)
        if not as_json:
            words = render_finding(finding)
            console.print(words, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        console.print(render_json(findings), highlight=False, markup=False, soft_wrap=True)
    return exit_status(findings)


def _examine_at(state_dir: Path) -> Iterator[Finding]:
    """Look at the cloud of a folder; without settings there is none, and only the host is there."""
    if not (state_dir / FILE_NAME).exists():
        yield from examine(Settings(state_dir=str(state_dir)), has_cloud=False)
        return
    try:
        settings = load_settings(state_dir)
    except InvalidRequest as error:
        words = f"the settings of the cloud can be read ({error.message})"
        yield Finding(words, False, f"edit {state_dir / FILE_NAME}, or put it back from a backup")
        return
    yield from examine(settings, has_cloud=True)
