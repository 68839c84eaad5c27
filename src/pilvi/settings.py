"""Typed settings of one cloud, a sentence each; passed in, never global.

They live in `settings.toml` in the state directory, written by `pilvi up` at first start and read
by every other process. Several clouds live on one machine when their state directory, port and
name prefix differ.
"""

import os
import tomllib
import zlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import tomli_w

from pilvi.errors import InvalidRequest

DEFAULT_STATE_DIR = Path("/var/lib/pilvi")
FILE_NAME = "settings.toml"
# Addresses at which a server listens and nobody can reach it.
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # refused

Prefix = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9]{0,5}$")]
LogFormat = Literal["text", "json"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]

# Numeric ids above every range that Debian, systemd and container tools hand out, so that a guest
# shares its uid with nothing else; no entry in /etc/passwd is needed.
UID_RANGE_FIRST = 1_900_000_000
UID_RANGE_SIZE = 10_000
UID_RANGES = 8_000


def default_state_dir() -> Path:
    """Where a cloud is kept unless told otherwise: who is not root has a folder of their own."""
    if os.geteuid() == 0:
        return DEFAULT_STATE_DIR
    states = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return states / "pilvi"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one cloud."""

    state_dir: str = str(DEFAULT_STATE_DIR)
    """Folder that holds everything the cloud keeps on this machine."""
    name_prefix: Prefix = "pilvi"
    """Start of the name of every namespace, interface and nft table; at most 6 characters."""
    listen_host: str = "127.0.0.1"
    """Address of the API; another than loopback switches TLS on."""
    listen_port: Port = 8774
    """Port of the API, the dashboard and the host contract."""
    database_url: str = ""
    """SQLAlchemy URL of the database; empty means SQLite in the state directory."""
    shared_dir: str = ""
    """Folder of image bytes and of the keys of tokens and secrets, the same for every API process;
    empty means the API's own folder, which is enough on one machine."""
    api_urls: tuple[str, ...] = ()
    """Addresses at which agents look for the API, each in its turn; empty means the API of this
    machine."""
    region: str = "RegionOne"
    """Name of the region in the service catalog."""
    iscsi_port: Port = 3260
    """Port of this host's iSCSI portal, on the loopback address."""
    external_cidr: str = "172.24.4.0/24"
    """Range of the external network; its first address is this machine's gateway."""
    external_nat: bool = True
    """Whether this machine forwards and masquerades what the external network sends elsewhere."""
    private_cidr: str = "10.0.0.0/24"
    """Range of the demo project's private subnet, made at first start."""
    fake: bool = False
    """Whether hosts use fake drivers: no QEMU, no root, no packets."""
    uid_first: int = 0
    """First numeric user id of this cloud's processes; 0 derives it from the state directory."""
    token_lifetime_s: int = 12 * 3600
    """Lifetime of a token in seconds."""
    console_token_s: int = 300
    """How long the link to a console can be opened after it was asked for, in seconds."""
    console_idle_s: float = 1800.0
    """Seconds without a byte either way after which an open console is closed."""
    history_kept_s: int = 7 * 24 * 3600
    """How long a deleted server can still be looked up, with its actions and migrations, in
    seconds."""
    replies_kept_s: int = 24 * 3600
    """How long the answer to a request with an Idempotency-Key is kept, in seconds."""
    usage_kept_s: int = 3600
    """How long it is kept what each guest used, a sample a minute, in seconds; 0 keeps none."""
    vcpu_ratio: float = 4.0
    """How many virtual CPUs are sold for each CPU of a host."""
    memory_ratio: float = 1.0
    """How much guest memory is sold for each MiB of a host."""
    disk_ratio: float = 1.0
    """How much guest disk is sold for each GiB of the filesystem that holds guests."""
    reserved_memory_mib: int = 512
    """Memory of a host that guests never get, in MiB."""
    image_size_bytes_max: int = 1 << 40
    """Largest upload that the image service accepts, in bytes."""
    image_virtual_size_bytes_max: int = 2 << 40
    """Largest virtual size that an uploaded image may declare, in bytes."""
    image_download_ports: tuple[Port, ...] = (80, 443)
    """Ports of web servers from which images may be imported."""
    image_download_networks: tuple[str, ...] = ()
    """Ranges that are not public and from which images may be imported all the same."""
    image_download_s_max: float = 3 * 3600
    """Longest time that the import of one image from the web may take, in seconds."""
    backup_dir: str = ""
    """Directory of volume backups on each host, better of another disk; empty means a folder
    beside the volumes."""
    host_lease_s: float = 15.0
    """Seconds without a report after which a host counts as down."""
    log_format: LogFormat = "text"
    """How processes log: `text`, key=value for people, or `json`, an object a line."""
    router_failover_s: float = 0.0
    """Seconds without a report after which a host's routers move to another; 0: only when an admin
    says that the host is down, because one that is only silent may forward packets still."""

    @property
    def state(self) -> Path:
        """The state directory as a path."""
        return Path(self.state_dir)

    @property
    def api_dir(self) -> Path:
        """What the unprivileged API process owns: database, keys, image store."""
        return self.state / "api"

    @property
    def shared(self) -> Path:
        """What all API processes of the cloud share: keys and image store."""
        return Path(self.shared_dir) if self.shared_dir else self.api_dir

    @property
    def agent_dir(self) -> Path:
        """What the agent owns: desired state, guests, image cache, volumes, DHCP files."""
        return self.state / "agent"

    @property
    def fake_hosts_dir(self) -> Path:
        """Where the agents of a fake cloud's hosts keep their wishes, a folder each."""
        return self.state / "hosts"

    @property
    def backups(self) -> Path:
        """Where this host keeps backups of volumes."""
        return Path(self.backup_dir) if self.backup_dir else self.agent_dir / "backups"

    @property
    def policy_path(self) -> Path:
        """The operator's own rules in the place of default ones, where there are any."""
        return self.state / "policy.yaml"

    @property
    def metrics_token_path(self) -> Path:
        """The token that opens /metrics to other machines, where the operator wants that."""
        return self.state / "metrics.token"

    @property
    def run_dir(self) -> Path:
        """Pid files and logs of the two processes."""
        return self.state / "run"

    @property
    def uid_base(self) -> int:
        """First uid of this cloud's own range of `UID_RANGE_SIZE`."""
        if self.uid_first:
            return self.uid_first
        slot = zlib.crc32(str(self.state.absolute()).encode()) % UID_RANGES
        return UID_RANGE_FIRST + slot * UID_RANGE_SIZE

    @property
    def uid_api(self) -> int:
        """Uid (and gid) of the API process."""
        return self.uid_base

    @property
    def uid_services(self) -> int:
        """Uid of the network's helper processes: DHCP and metadata."""
        return self.uid_base + 1

    @property
    def uid_volumes(self) -> int:
        """Uid of the iSCSI target and owner of the volume files."""
        return self.uid_base + 2

    @property
    def uid_converters(self) -> range:
        """Uids of the tools that open images which volumes are made of: one each at a time."""
        return range(self.uid_base + 10, self.uid_base + 42)

    @property
    def uid_guest_first(self) -> int:
        """First uid of a guest; the rest of the range follows."""
        return self.uid_base + 100

    @property
    def uid_guest_last(self) -> int:
        """Last uid of a guest."""
        return self.uid_base + UID_RANGE_SIZE - 1

    def __post_init__(self) -> None:
        """Raises `InvalidRequest`."""
        if self.listen_host in _EVERYWHERE:
            raise InvalidRequest(
                f"cannot listen on {self.listen_host}: clients are told the address, and the "
                "certificate is made for it; name one that leads to this machine"
            )

    @property
    def tls(self) -> bool:
        """Whether the API speaks TLS: everywhere but on loopback."""
        return self.listen_host not in ("127.0.0.1", "::1", "localhost")

    @property
    def base_url(self) -> str:
        """Address of the API without a path, as clients on this machine use it."""
        scheme = "https" if self.tls else "http"
        host = f"[{self.listen_host}]" if ":" in self.listen_host else self.listen_host
        return f"{scheme}://{host}:{self.listen_port}"

    @property
    def control_plane_urls(self) -> tuple[str, ...]:
        """Where agents look for the API, without a path or trailing slash."""
        return tuple(url.rstrip("/") for url in self.api_urls) or (self.base_url,)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.api_dir / 'pilvi.db'}"


def load_settings(state_dir: Path) -> Settings:
    """Read the settings of the cloud in `state_dir`.

    Raises `InvalidRequest` that names the file when it is missing, not TOML, or not of this shape.
    """
    path = state_dir / FILE_NAME
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Settings)
    except FileNotFoundError:
        raise InvalidRequest(f"cannot find {path}: start a cloud with 'pilvi up' first") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidRequest(f"cannot read {path}: {error}") from error


def save_settings(settings: Settings) -> None:
    """Write the settings beside the state they describe. Repeatable.

    Only their owner may read them once the database's address, which may hold a password, is there.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    path = settings.state / FILE_NAME
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(tomli_w.dumps(msgspec.to_builtins(settings)))
    if not settings.database_url:
        temporary.chmod(0o644)
    temporary.replace(path)
