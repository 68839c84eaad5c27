"""Tables of hosts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from pilvi.core.db import Json, Time, metadata, uuid_column

hosts = Table(
    "hosts",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("credential_sha256", String(64), nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("disabled_reason", Text),
    Column("forced_down", Boolean, nullable=False, default=False),
    Column("facts", Json),
    Column("seen_at", Time),
    # Number of the newest audit that was asked for.
    Column("audit", Integer, nullable=False, default=0, server_default="0"),
    # The newest report that was taken.
    Column("report_run", Integer, nullable=False, default=0, server_default="0"),
    Column("report_number", Integer, nullable=False, default=0, server_default="0"),
)

# What each host listed for the newest audit that it answered, as JSON of `Holdings`.
holdings = Table(
    "host_holdings",
    metadata,
    Column("host_id", ForeignKey("hosts.id"), primary_key=True),
    Column("audit", Integer, nullable=False),
    Column("told_at", Time, nullable=False),
    Column("content", Text, nullable=False),
)

# What the guests of each host used when it measured last, as JSON of a list of `GuestCounts`.
guest_counts = Table(
    "host_guest_counts",
    metadata,
    Column("host_id", ForeignKey("hosts.id"), primary_key=True),
    Column("told_at", Time, nullable=False),
    Column("content", Text, nullable=False),
)

# What each guest had used at one moment of each minute, as its host said. Samples of a server or
# host that is gone age like all others: nothing refers to them, and they refer to nothing.
guest_samples = Table(
    "host_guest_samples",
    metadata,
    uuid_column("server_id", primary_key=True),
    uuid_column("host_id", primary_key=True),
    Column("minute", Time, primary_key=True),
    Column("measured_at", Time, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("read_bytes", BigInteger),
    Column("written_bytes", BigInteger),
    Column("received_bytes", BigInteger),
    Column("sent_bytes", BigInteger),
    Index("ix_host_guest_samples_minute_host_id", "minute", "host_id"),
)

assignments = Table(
    "host_assignments",
    metadata,
    Column("host_id", ForeignKey("hosts.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    uuid_column("id", primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("abandoned", Boolean, nullable=False, server_default="0"),
    Column("spec", Text, nullable=False),
    Column("owner_kind", String(32), nullable=False),
    uuid_column("owner_id", nullable=False),
    # Of the request that caused the newest change of the wish.
    Column("request_id", String(64), nullable=False, server_default=""),
    # Observed, written by record_report only.
    Column("seen_generation", Integer),
    Column("seen_present", Boolean, nullable=False, default=False),
    Column("settled", Boolean, nullable=False, default=False),
    Column("waiting", Text, nullable=False, default=""),
    Column("fault", Json),
    Column("seen", Text, nullable=False, default="null"),
    Index("ix_host_assignments_kind_id", "kind", "id"),
    Index("ix_host_assignments_host_id_revision", "host_id", "revision"),
)

consoles = Table(
    "host_consoles",
    metadata,
    uuid_column("server_id", primary_key=True),
    # SQLite's integers have 64 bits, and its tables are made anew to change a type.
    Column("start", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

passwords = Table(
    "host_guest_passwords",
    metadata,
    uuid_column("server_id", primary_key=True),
    Column("password", Text, nullable=False),
)
