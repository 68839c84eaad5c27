"""Tables of images."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pilvi.core.db import Json, Time, metadata, uuid_column

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
    Column("import_outcome", String(16)),
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

# No foreign key: the record of an import outlives a deleted image.
tasks = Table(
    "image_tasks",
    metadata,
    uuid_column("id", primary_key=True),
    uuid_column("image_id", nullable=False, index=True),
    uuid_column("owner", nullable=False),
    uuid_column("user_id", nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("input", Json, nullable=False),
    Column("message", Text, nullable=False),
    Column("uri", Text),
    Column("tries", Integer, nullable=False),
    uuid_column("upload_id"),
    Column("created_at", Time, nullable=False, index=True),
    Column("updated_at", Time, nullable=False),
    Column("expires_at", Time, index=True),
)

metadef_namespaces = Table(
    "image_metadef_namespaces",
    metadata,
    uuid_column("id", primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("owner", String(255), nullable=False),
    Column("display_name", String(255)),
    Column("description", Text),
    Column("visibility", String(16), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

# Objects, properties, tags and associations with resource types: what a namespace holds by name.
metadef_items = Table(
    "image_metadef_items",
    metadata,
    uuid_column("id", primary_key=True),
    Column(
        "namespace_id",
        ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("kind", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    UniqueConstraint("namespace_id", "kind", "name"),
)

# Types that somebody associated beyond those that every cloud has.
metadef_resource_types = Table(
    "image_metadef_resource_types",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("created_at", Time, nullable=False),
)
