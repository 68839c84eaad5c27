"""THE SURFACE of images: one row per method and path."""

from pilvi.core.http import Route
from pilvi.image.api import (
    cache,
    data,
    discovery,
    image_list,
    images,
    imports,
    members,
    metadef_items,
    metadef_schemas,
    metadef_types,
    metadefs,
    schemas,
    stories,
    tasks,
)

_IMAGE = "/images/{image_id}"
_TAG = _IMAGE + "/tags/{tag_value}"
_MEMBER = _IMAGE + "/members/{member_id}"
_NAMESPACES = "/metadefs/namespaces"
_NAMESPACE = _NAMESPACES + "/{namespace_name}"
_OBJECT = _NAMESPACE + "/objects/{object_name}"
_PROPERTY = _NAMESPACE + "/properties/{property_name}"
_METADEF_TAG = _NAMESPACE + "/tags/{tag_name}"
_SEE, _DEFINE = "image:get_metadefs", "image:modify_metadefs"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "image:discover"),
    Route("GET", "/", discovery.list_versions, "image:discover"),
    Route("GET", "/versions", discovery.list_versions, "image:discover"),
]

_IMAGE_ROUTES = [
    Route("GET", "/images", image_list.list_images, "image:get_images"),
    Route("POST", "/images", images.create_image, "image:add_image", body=dict, status=201),
    Route("GET", _IMAGE, images.show_image, "image:get_image"),
    Route("GET", _IMAGE + "/pilvi-story", stories.explain_image, "image:explain"),
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
    Route("GET", "/schemas/task", schemas.show_task_schema, "image:describe"),
    Route("GET", "/schemas/tasks", schemas.show_tasks_schema, "image:describe"),
    Route("GET", "/info/import", imports.show_import_methods, "image:describe"),
    Route("GET", "/info/stores", imports.list_stores, "image:describe"),
    Route("GET", "/info/stores/detail", imports.list_stores_with_details, "image:stores_detail"),
    Route("GET", "/info/usage", imports.show_usage, "image:usage"),
    Route("GET", _IMAGE + "/locations", imports.refuse_locations, "image:locations"),
    Route(
        "POST",
        _IMAGE + "/locations",
        imports.refuse_locations,
        "image:locations",
        access="read",
        status=202,
    ),
    Route(
        "DELETE",
        "/stores/{store_id}/{image_id}",
        imports.delete_from_store,
        "image:delete_from_store",
        status=204,
    ),
    Route("GET", _IMAGE + "/tasks", tasks.list_image_tasks, "image:get_image"),
    Route("GET", "/tasks", tasks.list_tasks, "image:tasks"),
    Route("POST", "/tasks", tasks.create_task, "image:tasks", body=tasks.TaskCreate, status=201),
    Route("GET", "/tasks/{task_id}", tasks.show_task, "image:tasks"),
    Route("DELETE", "/tasks/{task_id}", tasks.delete_task, "image:tasks", status=204),
]

_METADEF_ROUTES = [
    Route("GET", _NAMESPACES, metadefs.list_namespaces, _SEE),
    Route(
        "POST",
        _NAMESPACES,
        metadefs.create_namespace,
        _DEFINE,
        body=metadef_types.NamespaceCreate,
        status=201,
    ),
    Route("GET", _NAMESPACE, metadefs.show_namespace, _SEE),
    Route(
        "PUT", _NAMESPACE, metadefs.update_namespace, _DEFINE, body=metadef_types.NamespaceFields
    ),
    Route("DELETE", _NAMESPACE, metadefs.delete_namespace, _DEFINE, status=204),
    Route("GET", _NAMESPACE + "/objects", metadef_items.list_objects, _SEE),
    Route(
        "POST",
        _NAMESPACE + "/objects",
        metadef_items.create_object,
        _DEFINE,
        body=metadef_types.ObjectFields,
        status=201,
    ),
    Route("DELETE", _NAMESPACE + "/objects", metadef_items.delete_objects, _DEFINE, status=204),
    Route("GET", _OBJECT, metadef_items.show_object, _SEE),
    Route("PUT", _OBJECT, metadef_items.update_object, _DEFINE, body=metadef_types.ObjectFields),
    Route("DELETE", _OBJECT, metadef_items.delete_object, _DEFINE, status=204),
    Route("GET", _NAMESPACE + "/properties", metadef_items.list_properties, _SEE),
    Route(
        "POST",
        _NAMESPACE + "/properties",
        metadef_items.create_property,
        _DEFINE,
        body=metadef_types.Property,
        status=201,
    ),
    Route(
        "DELETE", _NAMESPACE + "/properties", metadef_items.delete_properties, _DEFINE, status=204
    ),
    Route("GET", _PROPERTY, metadef_items.show_property, _SEE),
    Route("PUT", _PROPERTY, metadef_items.update_property, _DEFINE, body=metadef_types.Property),
    Route("DELETE", _PROPERTY, metadef_items.delete_property, _DEFINE, status=204),
    Route("GET", _NAMESPACE + "/tags", metadef_items.list_metadef_tags, _SEE),
    Route(
        "POST",
        _NAMESPACE + "/tags",
        metadef_items.create_metadef_tags,
        _DEFINE,
        body=metadef_types.TagList,
        status=201,
    ),
    Route("DELETE", _NAMESPACE + "/tags", metadef_items.delete_metadef_tags, _DEFINE, status=204),
    Route("GET", _METADEF_TAG, metadef_items.show_metadef_tag, _SEE),
    Route("POST", _METADEF_TAG, metadef_items.create_metadef_tag, _DEFINE, status=201),
    Route(
        "PUT", _METADEF_TAG, metadef_items.update_metadef_tag, _DEFINE, body=metadef_types.TagFields
    ),
    Route("DELETE", _METADEF_TAG, metadef_items.delete_metadef_tag, _DEFINE, status=204),
    Route("GET", "/metadefs/resource_types", metadefs.list_resource_types, _SEE),
    Route("GET", _NAMESPACE + "/resource_types", metadefs.list_associations, _SEE),
    Route(
        "POST",
        _NAMESPACE + "/resource_types",
        metadefs.create_association,
        _DEFINE,
        body=metadef_types.Association,
        status=201,
    ),
    Route(
        "DELETE",
        _NAMESPACE + "/resource_types" + "/{resource_type}",
        metadefs.delete_association,
        _DEFINE,
        status=204,
    ),
    Route(
        "GET",
        "/schemas/metadefs/namespace",
        metadef_schemas.show_namespace_schema,
        "image:describe",
    ),
    Route(
        "GET",
        "/schemas/metadefs/namespaces",
        metadef_schemas.show_namespaces_schema,
        "image:describe",
    ),
    Route("GET", "/schemas/metadefs/object", metadef_schemas.show_object_schema, "image:describe"),
    Route(
        "GET", "/schemas/metadefs/objects", metadef_schemas.show_objects_schema, "image:describe"
    ),
    Route(
        "GET", "/schemas/metadefs/property", metadef_schemas.show_property_schema, "image:describe"
    ),
    Route(
        "GET",
        "/schemas/metadefs/properties",
        metadef_schemas.show_properties_schema,
        "image:describe",
    ),
    Route("GET", "/schemas/metadefs/tag", metadef_schemas.show_tag_schema, "image:describe"),
    Route("GET", "/schemas/metadefs/tags", metadef_schemas.show_tags_schema, "image:describe"),
    Route(
        "GET",
        "/schemas/metadefs/resource_type",
        metadef_schemas.show_resource_type_schema,
        "image:describe",
    ),
    Route(
        "GET",
        "/schemas/metadefs/resource_types",
        metadef_schemas.show_resource_types_schema,
        "image:describe",
    ),
]

_CACHE_ROUTES = [
    Route("GET", "/cache", cache.list_cache, "image:cache"),
    Route("DELETE", "/cache", cache.clear_cache, "image:cache", status=204),
]

ROUTES = [*_CACHE_ROUTES, *_IMAGE_ROUTES, *_METADEF_ROUTES]
