"""The process of a router that advertises IPv6 ranges: dnsmasq, as networks have it for DHCP."""

import os
import shutil
from pathlib import Path

from pilvi.agent.ports.linux.services import Services
from pilvi.agent.ports.names import check_id


class Adverts:
    """The advertising processes of all routers of one cloud."""

    def __init__(self, directory: Path, uid: int) -> None:
        self._directory = directory
        self._uid = uid
        self._services = Services(uid)

    def close(self) -> None:
        """Let go of the processes, which live on."""
        self._services.close()

    def find(self, namespace: str) -> str | None:
        """Digest of the configuration that the living process was started with."""
        config = self._services.find(namespace, "dnsmasq")
        return None if config is None else config.rpartition("-")[2].removesuffix(".conf")

    def serve(self, namespace: str, router_id: str, text: str, digest: str) -> None:
        """Run the process with this configuration, in the place of any other. Repeatable."""
        folder = self._folder(router_id)
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        os.chown(folder, 0, self._uid)
        name = f"adverts-{digest}.conf"
        new = folder / f".{name}.new"
        new.write_text(text)
        os.chown(new, 0, self._uid)
        new.chmod(0o640)
        new.replace(folder / name)
        self._services.start_dnsmasq(namespace, folder, name)
        for other in folder.glob("adverts-*.conf"):
            if other.name != name:
                other.unlink()

    def stop(self, namespace: str, router_id: str) -> None:
        """End the process and forget its configuration. Repeatable."""
        if self._folder(router_id).is_dir():
            self._services.end(namespace, "dnsmasq")
            shutil.rmtree(self._folder(router_id))

    def list_broken(self) -> list[str]:
        """Namespaces of routers whose process ended unasked."""
        return self._services.list_broken()

    def _folder(self, router_id: str) -> Path:
        return self._directory / f"router-{check_id(router_id)}"
