"""The plugin, as pytest loads it in a project that uses Pilvi."""

import subprocess
import sys
from pathlib import Path

TESTS = """
def test_one(pilvi_connection):
    pilvi_connection.network.create_network(name="left behind")

def test_two(pilvi_connection, pilvi_admin):
    assert pilvi_connection.network.find_network("left behind") is None
    assert len(list(pilvi_admin.compute.hypervisors())) == 2
"""


def test_each_test_has_a_fresh_cloud(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TESTS)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    words += ["--pilvi-hosts", "2", "test_mine.py"]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_imports_no_part_of_pilvi_before_it_is_used() -> None:
    program = (
        "import sys, pilvi.testing.plugin\n"
        "assert not {'sqlalchemy', 'starlette', 'pilvi.bootstrap'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
