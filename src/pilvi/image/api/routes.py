"""THE SURFACE of images: one row per method and path."""

from pilvi.core.http import Route
from pilvi.image.api import data, discovery, image_list, images, imports, members, schemas

_IMAGE = "/images/{image_id}"
_TAG = _IMAGE + "/tags/{tag_value}"
_MEMBER = _IMAGE + "/members/{member_id}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "image:discover"),
    Route("GET", "/", discovery.list_versions, "image:discover"),
    Route("GET", "/versions", discovery.list_versions, "image:discover"),
]

ROUTES = [
    Route("GET", "/images", image_list.list_images, "image:get_images"),
    Route("POST", "/images", images.create_image, "image:add_image", body=dict, status=201),
    Route("GET", _IMAGE, images.show_image, "image:get_image"),
    Route("PATCH", _IMAGE, images.update_image, "image:modify_image", body=list),
    Route("DELETE", _IMAGE, images.delete_image, "image:delete_image", status=204),
    Route(
        "PUT",
        _IMAGE + "/file",
        data.upload_image,
        "image:upload_image",
        status=204,
        access="none",
    ),
    Route("GET", _IMAGE + "/file", data.download_image, "image:download_image"),
    Route(
        "PUT",
        _IMAGE + "/stage",
        data.stage_image,
        "image:upload_image",
        status=204,
        access="none",
    ),
    Route(
        "POST",
        _IMAGE + "/import",
        imports.import_image,
        "image:upload_image",
        body=imports.ImageImport,
        status=202,
    ),
    Route(
        "POST",
        _IMAGE + "/actions/deactivate",
        images.deactivate_image,
        "image:deactivate",
        status=204,
    ),
    Route(
        "POST",
        _IMAGE + "/actions/reactivate",
        images.reactivate_image,
        "image:deactivate",
        status=204,
    ),
    Route("PUT", _TAG, images.add_tag, "image:modify_image", status=204),
    Route("DELETE", _TAG, images.remove_tag, "image:modify_image", status=204),
    Route("GET", _IMAGE + "/members", members.list_members, "image:get_members"),
    Route(
        "POST",
        _IMAGE + "/members",
        members.add_member,
        "image:modify_members",
        body=members.MemberCreate,
    ),
    Route("GET", _MEMBER, members.show_member, "image:get_members"),
    Route(
        "PUT",
        _MEMBER,
        members.update_member,
        "image:modify_members",
        body=members.MemberUpdate,
    ),
    Route("DELETE", _MEMBER, members.remove_member, "image:modify_members", status=204),
    Route("GET", "/schemas/image", schemas.show_image_schema, "image:describe"),
    Route("GET", "/schemas/images", schemas.show_images_schema, "image:describe"),
    Route("GET", "/schemas/member", schemas.show_member_schema, "image:describe"),
    Route("GET", "/schemas/members", schemas.show_members_schema, "image:describe"),
    Route("GET", "/info/import", imports.show_import_methods, "image:describe"),
    Route("GET", "/info/stores", imports.list_stores, "image:describe"),
    Route("GET", _IMAGE + "/tasks", imports.list_image_tasks, "image:get_image"),
    Route("GET", "/tasks", imports.refuse_tasks, "image:tasks"),
    Route("POST", "/tasks", imports.refuse_tasks, "image:tasks", access="none"),
    Route("GET", "/tasks/{task_id}", imports.refuse_tasks, "image:tasks"),
]
