"""A fake cloud with one of everything, and command lines that are asked of it."""

import contextlib
import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pilvi.client import shell
from pilvi.entry import list_operator_words
from pilvi.testing.server import CloudServer, running_server


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    status: int
    out: str
    err: str


def pilvi(line: str) -> Said:
    """Run a command line of ours, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
        try:
            status = shell.run(shlex.split(line), list_operator_words, out)
        except SystemExit as end:
            status = int(end.code or 0)
    return Said(status, out.getvalue(), err.getvalue())


def openstack(line: str) -> str:
    """What the openstack client prints for a command line, in this process."""
    from openstackclient.shell import main

    handlers = logging.root.handlers[:]
    before, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        assert main(shlex.split(line)) == 0, line
        sys.stdout.flush()
        taken = sys.stdout.buffer
        assert isinstance(taken, io.BytesIO)
        return taken.getvalue().decode()
    finally:
        sys.stdout = before
        # It adds one with every run.
        logging.root.handlers[:] = handlers


def say(line: str) -> str:
    """The output of a command line of ours that has to succeed."""
    said = pilvi(line)
    assert said.status == 0, f"{line}: {said.err}"
    return said.out


def use_cloud(patch: pytest.MonkeyPatch, server: CloudServer, folder: Path) -> None:
    """Let clients of this process find a cloud: `pilvi` as admin, `pilvi-demo` as a tenant."""
    clouds = {
        name: {"auth": server.credentials(user), "region_name": "RegionOne"}
        for name, user in (("pilvi", "admin"), ("pilvi-demo", "demo"))
    }
    file = folder / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": clouds}))
    for name in list(os.environ):
        if name.startswith("OS_"):
            patch.delenv(name)
    patch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    patch.setenv("OS_CLOUD", "pilvi")
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))


@contextlib.contextmanager
def small_cloud(folder: Path) -> Iterator[CloudServer]:
    """A fake cloud that the clients of this process use meanwhile."""
    with running_server() as server, pytest.MonkeyPatch.context() as patch:
        use_cloud(patch, server, folder)
        yield server


def fill(folder: Path) -> None:
    """One of everything, made by command lines of ours."""
    image = folder / "disk.raw"
    image.write_bytes(bytes(range(256)) * 4096)
    say(f"image create --file {image} --property os_distro=none --tag blue disk")
    say(f"keypair create --private-key {folder}/key key")
    say("flavor create --ram 64 --disk 1 --vcpus 1 --property x=y tiny")
    say("network create net")
    say("subnet create --network net --subnet-range 10.9.0.0/24 --dns-nameserver 9.9.9.9 sub")
    say("router create way")
    say("router set --external-gateway public way")
    say("router add subnet way sub")
    say("security group create door")
    say("security group rule create --proto tcp --dst-port 22:23 door")
    say("security group rule create --proto icmp door")
    say("port create --network net --security-group door --fixed-ip subnet=sub plug")
    say(
        "server create --image disk --flavor tiny --network net --key-name key "
        "--security-group door --property a=b --wait one"
    )
    say("server create --image disk --flavor tiny --port plug --wait two")
    say("volume create --size 1 --property c=d --wait data")
    say("volume create --size 1 --wait spare")
    say("volume snapshot create --volume spare --wait then")
    say("server add volume one data")
    say("floating ip create --floating-ip-address 172.24.4.77 public")
    say("server add floating ip one 172.24.4.77")
