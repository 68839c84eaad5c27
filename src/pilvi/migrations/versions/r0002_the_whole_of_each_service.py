"""The whole of each service: tables and columns that the first revision lacks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import pilvi.core.db.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    _upgrade_placement()
    _upgrade_identity()
    _upgrade_image()
    _upgrade_block_storage()
    _upgrade_compute_servers()
    _upgrade_compute_collections()
    _upgrade_network()


def _upgrade_block_storage() -> None:
    """Snapshots, backups, transfers, groups and more of volumes."""
    _change_volumes()
    _change_attachments()
    _create_snapshots_and_backups()
    _create_uploads_and_transfers()
    _create_type_tables()
    _create_group_tables()
    op.create_table(
        "block_storage_dismissed_messages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_dismissed_messages")),
    )
    op.create_table(
        "block_storage_closed_hosts",
        sa.Column("host_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("host_id", name=op.f("pk_block_storage_closed_hosts")),
    )


def _change_volumes() -> None:
    for column in (
        sa.Column("is_read_only", sa.Boolean(), nullable=True),
        sa.Column("multiattach", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("snapshot_id", sa.String(length=64), nullable=True),
        sa.Column("source_volume_id", sa.String(length=64), nullable=True),
        sa.Column("source", pilvi.core.db.columns.Json(), nullable=True),
        sa.Column("content_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("marked_status", sa.String(length=32), nullable=True),
        sa.Column("seen_content", sa.Integer(), server_default="1", nullable=False),
    ):
        op.add_column("block_storage_volumes", column)
    op.execute("UPDATE block_storage_volumes SET marked_status = 'error' WHERE is_marked_error")
    op.execute("UPDATE block_storage_volumes SET is_read_only = read_only WHERE read_only")
    op.drop_column("block_storage_volumes", "is_marked_error")
    op.drop_column("block_storage_volumes", "read_only")
    op.add_column(
        "block_storage_volume_types", sa.Column("qos_specs_id", sa.String(length=64), nullable=True)
    )
    op.add_column(
        "block_storage_volume_types",
        sa.Column("encryption", pilvi.core.db.columns.Json(), nullable=True),
    )


def _change_attachments() -> None:
    """A volume may have several, when it says that servers share it."""
    with op.batch_alter_table("block_storage_attachments") as batch:
        batch.drop_constraint(op.f("uq_block_storage_attachments_volume_id"), type_="unique")
        batch.add_column(
            sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(
            sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(sa.Column("connector", pilvi.core.db.columns.Json(), nullable=True))
    op.create_index(
        "ix_block_storage_attachments_volume_id_alone",
        "block_storage_attachments",
        ["volume_id"],
        unique=True,
        sqlite_where=sa.text("NOT shared"),
        postgresql_where=sa.text("NOT shared"),
    )
    op.create_index(
        "ix_block_storage_attachments_volume_id", "block_storage_attachments", ["volume_id"]
    )


def _create_snapshots_and_backups() -> None:
    op.create_table(
        "block_storage_snapshots",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("volume_type_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("marked_status", sa.String(length=32), nullable=True),
        sa.Column("marked_progress", sa.String(length=32), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("desired_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("host_id", sa.String(length=64), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_snapshots")),
    )
    op.create_index(
        "ix_block_storage_snapshots_project_id_created_at",
        "block_storage_snapshots",
        ["project_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_block_storage_snapshots_status", "block_storage_snapshots", ["status"], unique=False
    )
    op.create_index(
        "ix_block_storage_snapshots_volume_id",
        "block_storage_snapshots",
        ["volume_id"],
        unique=False,
    )
    op.create_table(
        "block_storage_snapshot_metadata",
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["block_storage_snapshots.id"],
            name=op.f("fk_block_storage_snapshot_metadata_snapshot_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "snapshot_id", "key", name=op.f("pk_block_storage_snapshot_metadata")
        ),
    )
    op.create_table(
        "block_storage_backups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("snapshot_id", sa.String(length=64), nullable=True),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("container", sa.String(length=255), nullable=True),
        sa.Column("availability_zone", sa.String(length=255), nullable=True),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("metadata", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("volume_facts", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("data_timestamp", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("files_id", sa.String(length=64), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("marked_status", sa.String(length=32), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("desired_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("host_id", sa.String(length=64), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_backups")),
    )
    op.create_index(
        "ix_block_storage_backups_parent_id", "block_storage_backups", ["parent_id"], unique=False
    )
    op.create_index(
        "ix_block_storage_backups_project_id_created_at",
        "block_storage_backups",
        ["project_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_block_storage_backups_volume_id", "block_storage_backups", ["volume_id"], unique=False
    )


def _create_uploads_and_transfers() -> None:
    op.create_table(
        "block_storage_uploads",
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("disk_format", sa.String(length=16), nullable=False),
        sa.Column("host_id", sa.String(length=64), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_block_storage_uploads")),
    )
    op.create_index(
        "ix_block_storage_uploads_volume_id", "block_storage_uploads", ["volume_id"], unique=False
    )
    op.create_table(
        "block_storage_transfers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("no_snapshots", sa.Boolean(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["volume_id"],
            ["block_storage_volumes.id"],
            name=op.f("fk_block_storage_transfers_volume_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_transfers")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_block_storage_transfers_volume_id")),
    )
    op.create_index(
        "ix_block_storage_transfers_project_id",
        "block_storage_transfers",
        ["project_id"],
        unique=False,
    )


def _create_type_tables() -> None:
    op.create_table(
        "block_storage_quota_classes",
        sa.Column("class_name", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("class_name", "name", name=op.f("pk_block_storage_quota_classes")),
    )
    op.create_table(
        "block_storage_qos_specs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("consumer", sa.String(length=16), nullable=False),
        sa.Column("specs", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_qos_specs")),
        sa.UniqueConstraint("name", name=op.f("uq_block_storage_qos_specs_name")),
    )
    op.create_table(
        "block_storage_default_types",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("volume_type_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["volume_type_id"],
            ["block_storage_volume_types.id"],
            name=op.f("fk_block_storage_default_types_volume_type_id"),
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_block_storage_default_types")),
    )


def _create_group_tables() -> None:
    op.create_table(
        "block_storage_group_types",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("group_specs", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_group_types")),
        sa.UniqueConstraint("name", name=op.f("uq_block_storage_group_types_name")),
    )
    op.create_table(
        "block_storage_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("group_type_id", sa.String(length=64), nullable=False),
        sa.Column("volume_type_ids", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("availability_zone", sa.String(length=255), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=True),
        sa.Column("source_group_id", sa.String(length=64), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("marked_status", sa.String(length=32), nullable=True),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_type_id"],
            ["block_storage_group_types.id"],
            name=op.f("fk_block_storage_groups_group_type_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_groups")),
    )
    op.create_index(
        "ix_block_storage_groups_project_id_created_at",
        "block_storage_groups",
        ["project_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "block_storage_group_snapshots",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("group_type_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("marked_status", sa.String(length=32), nullable=True),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["block_storage_groups.id"],
            name=op.f("fk_block_storage_group_snapshots_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["group_type_id"],
            ["block_storage_group_types.id"],
            name=op.f("fk_block_storage_group_snapshots_group_type_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_storage_group_snapshots")),
    )
    op.create_index(
        "ix_block_storage_group_snapshots_project_id_created_at",
        "block_storage_group_snapshots",
        ["project_id", "created_at"],
        unique=False,
    )


def _upgrade_image() -> None:
    """Tasks, what became of imports, and the definitions of metadata."""
    op.add_column("image_images", sa.Column("import_outcome", sa.String(length=16), nullable=True))
    op.create_table(
        "image_tasks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("input", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("expires_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_tasks")),
    )
    for name in ("image_id", "status", "created_at", "expires_at"):
        op.create_index(op.f(f"ix_image_tasks_{name}"), "image_tasks", [name], unique=False)
    _create_metadefs()


def _create_metadefs() -> None:
    op.create_table(
        "image_metadef_namespaces",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_namespaces")),
        sa.UniqueConstraint("name", name=op.f("uq_image_metadef_namespaces_name")),
    )
    op.create_table(
        "image_metadef_items",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("namespace_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("body", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespaces.id"],
            name=op.f("fk_image_metadef_items_namespace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_items")),
        sa.UniqueConstraint(
            "namespace_id",
            "kind",
            "name",
            name=op.f("uq_image_metadef_items_namespace_id_kind_name"),
        ),
    )
    op.create_table(
        "image_metadef_resource_types",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_image_metadef_resource_types")),
    )


def _upgrade_identity() -> None:
    """Groups, hierarchy, delegation, the catalog and more of projects and users."""
    op.add_column(
        "identity_domains", sa.Column("epoch", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "identity_domains",
        sa.Column("tags", pilvi.core.db.columns.Json(), server_default="[]", nullable=False),
    )
    op.add_column(
        "identity_domains",
        sa.Column("options", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    op.add_column(
        "identity_domains",
        sa.Column("extra", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    op.add_column("identity_projects", sa.Column("parent_id", sa.String(length=64), nullable=True))
    op.add_column(
        "identity_projects",
        sa.Column("options", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    op.add_column(
        "identity_projects",
        sa.Column("extra", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    op.add_column(
        "identity_revoked_tokens",
        sa.Column("revoked_at", pilvi.core.db.columns.Time(), nullable=True),
    )
    op.add_column(
        "identity_users",
        sa.Column("options", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    op.add_column(
        "identity_users",
        sa.Column("extra", pilvi.core.db.columns.Json(), server_default="{}", nullable=False),
    )
    # ### end Alembic commands ###
    op.execute("CREATE TABLE identity_kept_grants AS SELECT * FROM identity_grants")
    op.drop_table("identity_grants")
    with op.batch_alter_table("identity_roles") as batch:
        batch.drop_constraint(op.f("uq_identity_roles_name"), type_="unique")
        batch.alter_column("description", existing_type=sa.Text(), nullable=True)
        batch.add_column(
            sa.Column("domain_id", sa.String(length=64), server_default="", nullable=False)
        )
        batch.add_column(
            sa.Column("options", pilvi.core.db.columns.Json(), server_default="{}", nullable=False)
        )
        batch.add_column(
            sa.Column("extra", pilvi.core.db.columns.Json(), server_default="{}", nullable=False)
        )
        batch.create_unique_constraint(
            op.f("uq_identity_roles_domain_id_name"), ["domain_id", "name"]
        )
    _create_identity_assignments()
    _create_identity_catalog()
    _create_identity_credentials()
    _fill_identity()


def _create_identity_assignments() -> None:
    op.create_table(
        "identity_assignments",
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.String(length=64), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["identity_roles.id"], name=op.f("fk_identity_assignments_role_id")
        ),
        sa.PrimaryKeyConstraint(
            "actor_id",
            "actor",
            "inherited",
            "scope",
            "scope_id",
            "role_id",
            name=op.f("pk_identity_assignments"),
        ),
    )
    op.create_index(
        "ix_identity_assignments_scope_id", "identity_assignments", ["scope_id"], unique=False
    )
    op.create_table(
        "identity_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["identity_domains.id"], name=op.f("fk_identity_groups_domain_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_groups")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_groups_domain_id_name")),
    )
    op.create_table(
        "identity_role_closure",
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.Column("brings_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["brings_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_role_closure_brings_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_role_closure_role_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("role_id", "brings_id", name=op.f("pk_identity_role_closure")),
    )
    op.create_table(
        "identity_role_inferences",
        sa.Column("prior_id", sa.String(length=64), nullable=False),
        sa.Column("implied_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["implied_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_role_inferences_implied_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prior_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_role_inferences_prior_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("prior_id", "implied_id", name=op.f("pk_identity_role_inferences")),
    )
    op.create_table(
        "identity_lineage",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("ancestor_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_lineage_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "ancestor_id", name=op.f("pk_identity_lineage")),
    )
    op.create_index(
        op.f("ix_identity_lineage_ancestor_id"), "identity_lineage", ["ancestor_id"], unique=False
    )
    op.create_table(
        "identity_memberships",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["identity_groups.id"],
            name=op.f("fk_identity_memberships_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_memberships_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_identity_memberships")),
    )
    op.create_index(
        op.f("ix_identity_memberships_group_id"), "identity_memberships", ["group_id"], unique=False
    )


def _create_identity_catalog() -> None:
    op.create_table(
        "identity_endpoint_filters",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id", "kind", "target_id", name=op.f("pk_identity_endpoint_filters")
        ),
    )
    op.create_index(
        op.f("ix_identity_endpoint_filters_target_id"),
        "identity_endpoint_filters",
        ["target_id"],
        unique=False,
    )
    op.create_table(
        "identity_endpoint_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("filters", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_endpoint_groups")),
    )
    op.create_table(
        "identity_limits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("domain_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("resource_name", sa.String(length=255), nullable=False),
        sa.Column("resource_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_limits")),
    )
    op.create_index(
        op.f("ix_identity_limits_project_id"), "identity_limits", ["project_id"], unique=False
    )
    op.create_table(
        "identity_policies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("blob", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_policies")),
    )
    op.create_table(
        "identity_regions",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("parent_region_id", sa.String(length=255), nullable=True),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_regions")),
    )
    op.create_table(
        "identity_registered_limits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("resource_name", sa.String(length=255), nullable=False),
        sa.Column("default_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_registered_limits")),
    )
    op.create_table(
        "identity_services",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_services")),
    )
    op.create_table(
        "identity_domain_configs",
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("config", pilvi.core.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["identity_domains.id"],
            name=op.f("fk_identity_domain_configs_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("domain_id", name=op.f("pk_identity_domain_configs")),
    )
    op.create_table(
        "identity_endpoints",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["identity_services.id"], name=op.f("fk_identity_endpoints_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_endpoints")),
    )
    op.create_index(
        op.f("ix_identity_endpoints_service_id"), "identity_endpoints", ["service_id"], unique=False
    )
    op.create_table(
        "identity_policy_links",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["identity_policies.id"],
            name=op.f("fk_identity_policy_links_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "endpoint_id", "service_id", "region_id", name=op.f("pk_identity_policy_links")
        ),
    )


def _create_identity_credentials() -> None:
    op.create_table(
        "identity_consumers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_consumers")),
    )
    op.create_table(
        "identity_oauth_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("role_ids", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=True),
        sa.Column("expires_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["identity_consumers.id"],
            name=op.f("fk_identity_oauth_tokens_consumer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_oauth_tokens")),
    )
    op.create_index(
        op.f("ix_identity_oauth_tokens_user_id"), "identity_oauth_tokens", ["user_id"], unique=False
    )
    op.create_table(
        "identity_access_rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_access_rules_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_access_rules")),
    )
    op.create_index(
        op.f("ix_identity_access_rules_user_id"), "identity_access_rules", ["user_id"], unique=False
    )
    op.create_table(
        "identity_application_credentials",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.String(length=255), nullable=False),
        sa.Column("role_ids", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("access_rule_ids", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("unrestricted", sa.Boolean(), nullable=False),
        sa.Column("expires_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_application_credentials_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_application_credentials")),
        sa.UniqueConstraint(
            "user_id", "name", name=op.f("uq_identity_application_credentials_user_id_name")
        ),
    )
    op.create_index(
        op.f("ix_identity_application_credentials_project_id"),
        "identity_application_credentials",
        ["project_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_application_credentials_user_id"),
        "identity_application_credentials",
        ["user_id"],
        unique=False,
    )
    op.create_table(
        "identity_credentials",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("sealed_blob", sa.Text(), nullable=False),
        sa.Column("extra", pilvi.core.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_credentials_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_credentials")),
    )
    op.create_index(
        op.f("ix_identity_credentials_user_id"), "identity_credentials", ["user_id"], unique=False
    )
    op.create_table(
        "identity_trusts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("trustor_user_id", sa.String(length=64), nullable=False),
        sa.Column("trustee_user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("impersonation", sa.Boolean(), nullable=False),
        sa.Column("role_ids", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("expires_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.Column("remaining_uses", sa.Integer(), nullable=True),
        sa.Column("redelegation_count", sa.Integer(), nullable=False),
        sa.Column("redelegated_trust_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["trustee_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_trusts_trustee_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trustor_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_trusts_trustor_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_trusts")),
    )
    op.create_index(
        op.f("ix_identity_trusts_project_id"), "identity_trusts", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_trusts_trustee_user_id"),
        "identity_trusts",
        ["trustee_user_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_trusts_trustor_user_id"),
        "identity_trusts",
        ["trustor_user_id"],
        unique=False,
    )


def _fill_identity() -> None:
    """What the new tables say of what was there before."""
    op.execute(
        "INSERT INTO identity_assignments (actor, actor_id, scope, scope_id, role_id, inherited) "
        "SELECT 'user', user_id, scope, scope_id, role_id, false FROM identity_kept_grants"
    )
    op.drop_table("identity_kept_grants")
    op.execute(
        "INSERT INTO identity_lineage (project_id, ancestor_id) "
        "SELECT id, domain_id FROM identity_projects"
    )
    op.execute(
        "INSERT INTO identity_role_closure (role_id, brings_id) SELECT id, id FROM identity_roles"
    )
    chain = ("admin", "manager", "member", "reader")
    for place, prior in enumerate(chain):
        for step, implied in enumerate(chain[place + 1 :]):
            pair = (
                "SELECT p.id, i.id FROM identity_roles p, identity_roles i "
                f"WHERE p.name = '{prior}' AND i.name = '{implied}'"
            )
            op.execute(f"INSERT INTO identity_role_closure (role_id, brings_id) {pair}")
            if step == 0:
                op.execute(f"INSERT INTO identity_role_inferences (prior_id, implied_id) {pair}")


def _upgrade_compute_servers() -> None:
    """Servers that move, shrink to a shelf or boot from a volume."""
    json = pilvi.core.db.columns.Json
    with op.batch_alter_table("compute_servers") as batch:
        for name in ("hints", "image_properties", "layers", "sources", "carriers"):
            batch.add_column(sa.Column(name, json(), server_default="{}", nullable=False))
        batch.add_column(
            sa.Column("disk_config", sa.String(length=8), server_default="MANUAL", nullable=False)
        )
        batch.add_column(sa.Column("admin_password", sa.Text(), nullable=True))
        batch.add_column(sa.Column("way_back", json(), nullable=True))
        batch.alter_column("image", existing_type=json(), nullable=True)
        batch.alter_column("image_id", existing_type=sa.String(length=64), nullable=True)
        for name in ("status", "vm_state"):
            batch.alter_column(
                name,
                existing_type=sa.String(length=16),
                type_=sa.String(length=32),
                existing_nullable=False,
            )
    op.add_column(
        "compute_snapshots", sa.Column("backup_type", sa.String(length=255), nullable=True)
    )
    op.add_column("compute_snapshots", sa.Column("rotation", sa.Integer(), nullable=True))
    op.create_table(
        "compute_migrations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("source_host_id", sa.String(length=64), nullable=False),
        sa.Column("target_host_id", sa.String(length=64), nullable=True),
        sa.Column("old_flavor_id", sa.String(length=255), nullable=False),
        sa.Column("new_flavor_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compute_migrations")),
        sa.UniqueConstraint("id", name=op.f("uq_compute_migrations_id")),
    )
    op.create_index(
        op.f("ix_compute_migrations_server_id"), "compute_migrations", ["server_id"], unique=False
    )


def _upgrade_compute_collections() -> None:
    """Server groups, aggregates, more kinds of quotas, and hosts that are forced down."""
    op.add_column(
        "hosts",
        sa.Column("forced_down", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "compute_user_quotas",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id", "user_id", "resource", name=op.f("pk_compute_user_quotas")
        ),
    )
    op.create_table(
        "compute_quota_classes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "resource", name=op.f("pk_compute_quota_classes")),
    )
    _create_server_groups()
    op.create_table(
        "compute_aggregates",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("availability_zone", sa.String(length=255), nullable=True),
        sa.Column("metadata", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compute_aggregates")),
        sa.UniqueConstraint("id", name=op.f("uq_compute_aggregates_id")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_aggregates_name")),
    )
    op.create_table(
        "compute_aggregate_hosts",
        sa.Column("aggregate_number", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["aggregate_number"],
            ["compute_aggregates.number"],
            name=op.f("fk_compute_aggregate_hosts_aggregate_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "aggregate_number", "host_id", name=op.f("pk_compute_aggregate_hosts")
        ),
    )


def _create_server_groups() -> None:
    op.create_table(
        "compute_server_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("max_server_per_host", sa.Integer(), nullable=True),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server_groups")),
    )
    op.create_index(
        op.f("ix_compute_server_groups_project_id"),
        "compute_server_groups",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "compute_server_group_members",
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["compute_server_groups.id"],
            name=op.f("fk_compute_server_group_members_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["compute_servers.id"],
            name=op.f("fk_compute_server_group_members_server_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_compute_server_group_members")),
    )
    op.create_index(
        op.f("ix_compute_server_group_members_group_id"),
        "compute_server_group_members",
        ["group_id"],
        unique=False,
    )


def _upgrade_network() -> None:
    """IPv6, sharing, pools, groups of addresses, quality of service, port forwardings."""
    _create_network_pools()
    _create_network_groups()
    _create_network_quality()
    _widen_network_addresses()
    _add_network_columns()
    _share_networks()


def _create_network_pools() -> None:
    op.create_table(
        "network_address_scopes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_scopes")),
    )
    op.create_index(
        op.f("ix_network_address_scopes_project_id"), "network_address_scopes", ["project_id"]
    )
    op.create_table(
        "network_subnetpools",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("prefixes", pilvi.core.db.columns.Json(), nullable=False),
        sa.Column("default_prefixlen", sa.Integer(), nullable=False),
        sa.Column("min_prefixlen", sa.Integer(), nullable=False),
        sa.Column("max_prefixlen", sa.Integer(), nullable=False),
        sa.Column("default_quota", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("address_scope_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_scope_id"],
            ["network_address_scopes.id"],
            name=op.f("fk_network_subnetpools_address_scope_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnetpools")),
    )
    op.create_index(
        op.f("ix_network_subnetpools_address_scope_id"), "network_subnetpools", ["address_scope_id"]
    )
    op.create_index(
        op.f("ix_network_subnetpools_project_id"), "network_subnetpools", ["project_id"]
    )
    op.create_table(
        "network_rbac_policies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_rbac_policies")),
        sa.UniqueConstraint(
            "object_id",
            "action",
            "target",
            name=op.f("uq_network_rbac_policies_object_id_action_target"),
        ),
    )
    op.create_index(
        op.f("ix_network_rbac_policies_project_id"), "network_rbac_policies", ["project_id"]
    )
    op.create_index(
        op.f("ix_network_rbac_policies_target"), "network_rbac_policies", ["object_type", "target"]
    )


def _create_network_groups() -> None:
    op.create_table(
        "network_address_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("applied_generation", sa.Integer(), nullable=False),
        sa.Column("addresses", pilvi.core.db.columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_groups")),
    )
    op.create_index(
        op.f("ix_network_address_groups_project_id"), "network_address_groups", ["project_id"]
    )
    op.create_table(
        "network_default_rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("ethertype", sa.String(length=4), nullable=False),
        sa.Column("protocol", sa.String(length=16), nullable=True),
        sa.Column("port_min", sa.Integer(), nullable=True),
        sa.Column("port_max", sa.Integer(), nullable=True),
        sa.Column("is_remote_parent", sa.Boolean(), nullable=False),
        sa.Column("remote_group_id", sa.String(length=64), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=64), nullable=True),
        sa.Column("remote_cidr", sa.String(length=64), nullable=True),
        sa.Column("is_for_default", sa.Boolean(), nullable=False),
        sa.Column("is_for_others", sa.Boolean(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_default_rules")),
    )
    op.create_index(
        op.f("ix_network_default_rules_project_id"), "network_default_rules", ["project_id"]
    )


def _create_network_quality() -> None:
    op.create_table(
        "network_qos_policies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_qos_policies")),
    )
    op.create_index(
        op.f("ix_network_qos_policies_project_id"), "network_qos_policies", ["project_id"]
    )
    op.create_table(
        "network_qos_rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("max_kbps", sa.Integer(), nullable=True),
        sa.Column("max_burst_kbps", sa.Integer(), nullable=True),
        sa.Column("dscp_mark", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["network_qos_policies.id"], name=op.f("fk_network_qos_rules_policy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_qos_rules")),
        sa.UniqueConstraint(
            "policy_id",
            "kind",
            "direction",
            name=op.f("uq_network_qos_rules_policy_id_kind_direction"),
        ),
    )
    op.create_index(op.f("ix_network_qos_rules_project_id"), "network_qos_rules", ["project_id"])
    op.create_table(
        "network_port_forwardings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("updated_at", pilvi.core.db.columns.Time(), nullable=False),
        sa.Column("floating_ip_id", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("external_first", sa.Integer(), nullable=False),
        sa.Column("external_last", sa.Integer(), nullable=False),
        sa.Column("internal_first", sa.Integer(), nullable=False),
        sa.Column("internal_last", sa.Integer(), nullable=False),
        sa.Column("internal_address", sa.String(length=15), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["floating_ip_id"],
            ["network_floating_ips.id"],
            name=op.f("fk_network_port_forwardings_floating_ip_id"),
        ),
        sa.ForeignKeyConstraint(
            ["port_id"], ["network_ports.id"], name=op.f("fk_network_port_forwardings_port_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_port_forwardings")),
        sa.UniqueConstraint(
            "floating_ip_id",
            "protocol",
            "external_first",
            name="uq_network_port_forwardings_external",
        ),
    )
    op.create_index(
        op.f("ix_network_port_forwardings_floating_ip_id"),
        "network_port_forwardings",
        ["floating_ip_id"],
    )
    op.create_index(
        op.f("ix_network_port_forwardings_port_id"), "network_port_forwardings", ["port_id"]
    )
    op.create_index(
        op.f("ix_network_port_forwardings_project_id"), "network_port_forwardings", ["project_id"]
    )


def _widen_network_addresses() -> None:
    """Room for IPv6: numbers of addresses become 32 hexadecimal digits.

    The table is made anew, before that of the subnets which it refers to is touched.
    """
    connection = op.get_bind()
    columns = "subnet_id, number, address, port_id, place"
    rows = connection.execute(sa.text(f"SELECT {columns} FROM network_fixed_ips")).mappings().all()
    op.drop_table("network_fixed_ips")
    with op.batch_alter_table("network_subnets") as batch:
        batch.add_column(sa.Column("ra_mode", sa.String(length=16), nullable=True))
        batch.add_column(sa.Column("address_mode", sa.String(length=16), nullable=True))
        batch.add_column(sa.Column("subnetpool_id", sa.String(length=64), nullable=True))
        batch.alter_column("cidr", type_=sa.String(length=43), existing_nullable=False)
        batch.alter_column("gateway_ip", type_=sa.String(length=39), existing_nullable=True)
        batch.create_index(batch.f("ix_network_subnets_subnetpool_id"), ["subnetpool_id"])
    # It counts from the subnet's first address now; it is a hint, so it may begin anew.
    op.execute("UPDATE network_subnets SET next_number = 0")
    table = op.create_table(
        "network_fixed_ips",
        sa.Column("subnet_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=39), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["network_ports.id"], name=op.f("fk_network_fixed_ips_port_id")
        ),
        sa.ForeignKeyConstraint(
            ["subnet_id"], ["network_subnets.id"], name=op.f("fk_network_fixed_ips_subnet_id")
        ),
        sa.PrimaryKeyConstraint("subnet_id", "number", name=op.f("pk_network_fixed_ips")),
    )
    op.create_index(op.f("ix_network_fixed_ips_address"), "network_fixed_ips", ["address"])
    op.create_index(op.f("ix_network_fixed_ips_port_id"), "network_fixed_ips", ["port_id"])
    if rows:
        op.bulk_insert(table, [{**row, "number": f"{row['number']:032x}"} for row in rows])


def _add_network_columns() -> None:
    json = pilvi.core.db.columns.Json()
    added: tuple[tuple[str, sa.Column[Any]], ...] = (
        ("networks", sa.Column("qos_policy_id", sa.String(length=64), nullable=True)),
        ("ports", sa.Column("dns_name", sa.String(length=255), server_default="", nullable=False)),
        ("ports", sa.Column("dhcp_options", json, server_default="[]", nullable=False)),
        ("ports", sa.Column("qos_policy_id", sa.String(length=64), nullable=True)),
        (
            "security_group_rules",
            sa.Column("remote_address_group_id", sa.String(length=64), nullable=True),
        ),
        (
            "security_groups",
            sa.Column("is_stateful", sa.Boolean(), server_default=sa.true(), nullable=False),
        ),
        # Hosts are told of every group's members once: until now, rules held their addresses.
        (
            "security_groups",
            sa.Column("members_changed", sa.Boolean(), server_default=sa.false(), nullable=False),
        ),
    )
    for table, column in added:
        op.add_column(f"network_{table}", column)
    op.execute(
        sa.text("UPDATE network_security_groups SET members_changed = :t").bindparams(t=True)
    )
    # Every port's wish says more than before.
    op.execute("UPDATE network_ports SET generation = generation + 1")
    for table, column_name in (
        ("networks", "qos_policy_id"),
        ("ports", "qos_policy_id"),
        ("security_group_rules", "remote_address_group_id"),
    ):
        name = op.f(f"ix_network_{table}_{column_name}")
        op.create_index(name, f"network_{table}", [column_name])


def _share_networks() -> None:
    """What every project may use is shared by a policy of its own."""
    for flag, action in (("is_shared", "access_as_shared"), ("is_external", "access_as_external")):
        op.execute(
            "INSERT INTO network_rbac_policies (id, project_id, name, description, generation,"
            " created_at, updated_at, object_type, object_id, action, target)"
            f" SELECT {_policy_id(flag)}, project_id, '', '', 1, created_at, updated_at, 'network',"
            f" id, '{action}', '*' FROM network_networks WHERE {flag}"
        )


def _policy_id(flag: str) -> str:
    """An id that is made of the network's: another for each way of sharing."""
    return f"'{'5' if flag == 'is_shared' else 'e'}' || substr(id, 2)"


def _upgrade_placement() -> None:
    """Providers, words and claims that an admin makes."""
    with op.batch_alter_table("placement_providers") as batch:
        batch.add_column(sa.Column("parent_id", sa.String(length=64), nullable=True))
        batch.add_column(
            sa.Column("follows_host", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    with op.batch_alter_table("placement_traits") as batch:
        batch.add_column(
            sa.Column("by_host", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    with op.batch_alter_table("placement_inventories") as batch:
        batch.alter_column("resource_class", type_=sa.String(length=255))
    op.create_table(
        "placement_aggregates",
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("aggregate_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["placement_providers.id"],
            name=op.f("fk_placement_aggregates_provider_id"),
        ),
        sa.PrimaryKeyConstraint(
            "provider_id", "aggregate_id", name=op.f("pk_placement_aggregates")
        ),
    )
    for name in ("placement_custom_classes", "placement_custom_traits"):
        op.create_table(
            name,
            sa.Column("name", sa.String(length=255), nullable=False),
            sa.PrimaryKeyConstraint("name", name=op.f(f"pk_{name}")),
        )
    _move_holdings()


def _move_holdings() -> None:
    """A consumer may hold of several providers: what it holds names the provider now."""
    op.create_table(
        "placement_holdings",
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["placement_consumers.id"],
            name=op.f("fk_placement_holdings_consumer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["placement_providers.id"],
            name=op.f("fk_placement_holdings_provider_id"),
        ),
        sa.PrimaryKeyConstraint(
            "consumer_id", "provider_id", "resource_class", name=op.f("pk_placement_holdings")
        ),
    )
    op.create_index("ix_placement_holdings_provider_id", "placement_holdings", ["provider_id"])
    op.execute(
        "INSERT INTO placement_holdings (consumer_id, provider_id, resource_class, used) "
        "SELECT a.consumer_id, c.provider_id, a.resource_class, a.used "
        "FROM placement_allocations a JOIN placement_consumers c ON c.id = a.consumer_id"
    )
    op.drop_table("placement_allocations")
    with op.batch_alter_table("placement_consumers") as batch:
        batch.drop_index("ix_placement_consumers_provider_id")
        batch.drop_constraint(op.f("fk_placement_consumers_provider_id"), type_="foreignkey")
        batch.drop_column("provider_id")
        batch.alter_column("project_id", type_=sa.String(length=255))
        batch.alter_column("user_id", type_=sa.String(length=255))
        batch.add_column(sa.Column("consumer_type", sa.String(length=255), nullable=True))
        batch.add_column(
            sa.Column("is_servers", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    op.execute("UPDATE placement_consumers SET consumer_type = 'INSTANCE'")
