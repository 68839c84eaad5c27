"""What `pilvi agent` refuses."""

from pathlib import Path

import pytest

from pilvi.commands.agent import run_agent_process
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def test_a_fake_cloud_has_its_own_agents(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path), fake=True)
    settings.fake_hosts_dir.mkdir()
    with pytest.raises(InvalidRequest, match="pilvi up --fake"):
        run_agent_process(settings)
    assert not settings.agent_dir.exists()
