"""What one project, or one image, may have."""

MIB = 1 << 20
GIB = 1 << 30

# Lower: busy projects are refused; higher: one project fills the store or its tables.
PROJECT_QUOTA = {"images": 500, "bytes": 1024 * GIB, "uploads": 20}
# The limits that Glance ships with.
IMAGE_QUOTA = {"properties": 128, "tags": 128, "members": 128}
