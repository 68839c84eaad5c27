"""Rules of the image API; which images a caller reaches is decided by operations and store."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("image:discover", Check.PUBLIC, "See which versions there are."),
    Rule("image:describe", Check.READER, "Read schemas, import methods and stores."),
    Rule("image:get_images", Check.READER, "List images that one may see."),
    Rule("image:get_image", Check.READER, "See an image."),
    Rule("image:explain", Check.READER, "Read the story of an image (Pilvi's own)."),
    Rule("image:add_image", Check.MEMBER, "Create an image; a public one needs an admin."),
    Rule("image:modify_image", Check.MEMBER, "Change one's own image and its tags."),
    Rule("image:delete_image", Check.MEMBER, "Delete one's own image."),
    Rule("image:upload_image", Check.MEMBER, "Upload, stage or import the bytes of one's image."),
    Rule("image:download_image", Check.MEMBER, "Download an image that one may see."),
    Rule("image:deactivate", Check.MEMBER, "Stop and allow the use of one's own image."),
    Rule("image:get_members", Check.READER, "See with whom an image is shared."),
    Rule("image:modify_members", Check.MEMBER, "Share one's image; accept or reject another's."),
    Rule("image:usage", Check.READER, "See how much of its quota one's project uses."),
    Rule("image:stores_detail", Check.ADMIN, "See of what kind the stores are."),
    Rule("image:locations", Check.MEMBER, "Learn that nobody names where bytes lie."),
    Rule("image:delete_from_store", Check.ADMIN, "Remove one copy of an image."),
    Rule("image:get_metadefs", Check.READER, "See definitions of metadata: public and own ones."),
    Rule("image:modify_metadefs", Check.ADMIN, "Define metadata, whose names all projects share."),
    Rule("image:cache", Check.ADMIN, "See and clear the API's cache, which is empty."),
    Rule("image:tasks", Check.ADMIN, "Use the tasks API: see every task, import by a task."),
]

HOST_RULES = [
    Rule("image:host_data", Check.PUBLIC, "Move image bytes as a host, with its own credential."),
]
