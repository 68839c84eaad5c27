"""Tables of images."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from pilvi.core.db import Time, metadata, uuid_column

images = Table(
    "image_images",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("owner", nullable=False),
    Column("name", String(255)),
    Column("status", String(16), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("protected", Boolean, nullable=False, default=False),
    Column("hidden", Boolean, nullable=False, default=False),
    Column("disk_format", String(16)),
    Column("container_format", String(16)),
    Column("min_disk_gib", Integer, nullable=False, default=0),
    Column("min_ram_mib", Integer, nullable=False, default=0),
    Column("size_bytes", BigInteger),
    Column("virtual_size_bytes", BigInteger),
    Column("sha512", String(128), index=True),
    Column("checksum", String(32)),
    Column("fault", Text),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_images_owner", "owner"),
    Index("ix_image_images_created_at", "created_at"),
)

properties = Table(
    "image_properties",
    metadata,
    Column("image_id", ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)

tags = Table(
    "image_tags",
    metadata,
    Column("image_id", ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(255), primary_key=True),
)

members = Table(
    "image_members",
    metadata,
    Column("image_id", ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_image_members_member_id", "member_id"),
)

# No foreign key: an upload outlives its deleted image until its bytes are gone.
uploads = Table(
    "image_uploads",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("image_id", nullable=False, index=True),
    uuid_column("owner", nullable=False, index=True),
    Column("purpose", String(16), nullable=False),
    Column("started_at", Time, nullable=False),
    Column("reserved_bytes", BigInteger, nullable=False, default=0),
    Column("finished", Boolean, nullable=False, default=False),
    Column("size_bytes", BigInteger),
    Column("virtual_size_bytes", BigInteger),
    Column("sha512", String(128), index=True),
    Column("checksum", String(32)),
)

# Hosts keep bases by image id, so that an id may stand for one content only, for ever.
retired_ids = Table("image_retired_ids", metadata, uuid_column("id", primary_key=True))
