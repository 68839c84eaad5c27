"""The Python of the how-to pages, run as it is written, with a small tool to be tested."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-against-a-cloud.md"
TOOL = '''
"""What a reader has: something that starts a server, and tries again."""

from openstack import exceptions


def start(connection, name):
    image = connection.image.find_image("pilvi-guest")
    flavor = connection.compute.find_flavor("p1.nano")
    network = connection.network.find_network("private")
    fields = {"image_id": image.id, "flavor_id": flavor.id, "networks": [{"uuid": network.id}]}
    for _ in range(3):
        try:
            server = connection.compute.create_server(name=name, **fields)
        except exceptions.HttpException as error:
            if error.status_code != 503:
                raise
        else:
            return connection.compute.wait_for_server(server, interval=0.05, wait=20)
'''


def test_the_examples_of_a_tools_tests_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert len(blocks) == 2
    (tmp_path / "my_tool.py").write_text(TOOL)
    for number, block in enumerate(blocks):
        (tmp_path / f"test_page_{number}.py").write_text(block)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
