"""THE SURFACE of identity: one row per method and path. Extensions have a file of their own."""

from pilvi.core.http import Route
from pilvi.identity.api import (
    application_credentials,
    assignments,
    catalog,
    credentials,
    discovery,
    domain_configs,
    domains,
    groups,
    limits,
    policy_documents,
    projects,
    roles,
    tags,
    tokens,
    users,
)
from pilvi.identity.api.authentication import TokenCreate
from pilvi.identity.api.extension_routes import EXTENSIONS
from pilvi.identity.api.surface import delete, get, patch, post, put

_APP_CREDENTIALS = "/users/{user_id}/application_credentials"
_APP_CREDENTIAL = _APP_CREDENTIALS + "/{application_credential_id}"
_CONFIG = "/domains/{domain_id}/config"
_IMPLIED = "/roles/{prior_role_id}/implies/{implied_role_id}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "identity:discover"),
    Route("GET", "/", discovery.list_versions, "identity:discover"),
    Route("GET", "/v3", discovery.show_version, "identity:discover"),
    Route("GET", "/v3/", discovery.show_version, "identity:discover"),
]

_TOKENS = [
    post("/auth/tokens", tokens.create_token, "create_token", TokenCreate, access="none"),
    get("/auth/tokens", tokens.show_token, "validate_token"),
    delete("/auth/tokens", tokens.revoke_token, "revoke_token"),
    get("/auth/catalog", tokens.show_catalog, "get_auth_catalog"),
    get("/auth/projects", tokens.list_auth_projects, "get_auth_projects"),
    get("/auth/domains", tokens.list_auth_domains, "get_auth_domains"),
    get("/auth/system", tokens.list_auth_systems, "get_auth_system"),
]

_USERS = [
    get("/users", users.list_users, "list_users"),
    post("/users", users.create_user, "create_user", users.UserBody, access="none"),
    get("/users/{user_id}", users.show_user, "get_user"),
    patch("/users/{user_id}", users.update_user, "update_user", users.UserBody, access="none"),
    delete("/users/{user_id}", users.delete_user, "delete_user"),
    post(
        "/users/{user_id}/password",
        users.change_password,
        "change_password",
        users.PasswordChange,
        status=204,
        access="none",
    ),
    get("/users/{user_id}/projects", users.list_user_projects, "list_user_projects"),
    get("/users/{user_id}/groups", users.list_user_groups, "list_groups_for_user"),
    delete("/users/{user_id}/tokens", users.revoke_user_tokens, "revoke_user_tokens"),
    get("/groups", groups.list_groups, "list_groups"),
    post("/groups", groups.create_group, "create_group", groups.GroupBody),
    get("/groups/{group_id}", groups.show_group, "get_group"),
    patch("/groups/{group_id}", groups.update_group, "update_group", groups.GroupBody),
    delete("/groups/{group_id}", groups.delete_group, "delete_group"),
    get("/groups/{group_id}/users", groups.list_group_users, "list_users_in_group"),
    get("/groups/{group_id}/users/{user_id}", groups.check_group_user, "check_user_in_group"),
    put("/groups/{group_id}/users/{user_id}", groups.add_group_user, "add_user_to_group"),
    delete(
        "/groups/{group_id}/users/{user_id}", groups.remove_group_user, "remove_user_from_group"
    ),
]

_PROJECTS = [
    get("/projects", projects.list_projects, "list_projects"),
    post("/projects", projects.create_project, "create_project", projects.ProjectBody),
    get("/projects/{project_id}", projects.show_project, "get_project"),
    patch(
        "/projects/{project_id}", projects.update_project, "update_project", projects.ProjectBody
    ),
    delete("/projects/{project_id}", projects.delete_project, "delete_project"),
    get("/projects/{project_id}/tags", tags.list_project_tags, "list_project_tags"),
    put(
        "/projects/{project_id}/tags",
        tags.replace_project_tags,
        "update_project_tags",
        tags.TagsBody,
        200,
    ),
    delete("/projects/{project_id}/tags", tags.delete_project_tags, "delete_project_tags"),
    get("/projects/{project_id}/tags/{value}", tags.check_project_tag, "get_project_tag"),
    put("/projects/{project_id}/tags/{value}", tags.create_project_tag, "create_project_tag"),
    delete("/projects/{project_id}/tags/{value}", tags.delete_project_tag, "delete_project_tag"),
    get("/domains", domains.list_domains, "list_domains"),
    post("/domains", domains.create_domain, "create_domain", domains.DomainBody),
    get("/domains/config/default", domain_configs.show_default_config, "get_domain_config_default"),
    get(
        "/domains/config/{group}/default",
        domain_configs.show_default_config,
        "get_domain_config_default",
    ),
    get(
        "/domains/config/{group}/{option}/default",
        domain_configs.show_default_config,
        "get_domain_config_default",
    ),
    get("/domains/{domain_id}", domains.show_domain, "get_domain"),
    patch("/domains/{domain_id}", domains.update_domain, "update_domain", domains.DomainBody),
    delete("/domains/{domain_id}", domains.delete_domain, "delete_domain"),
    put(
        _CONFIG,
        domain_configs.create_domain_config,
        "create_domain_config",
        domain_configs.ConfigBody,
        200,
    ),
    *(
        row
        for path in (_CONFIG, _CONFIG + "/{group}", _CONFIG + "/{group}/{option}")
        for row in (
            get(path, domain_configs.show_domain_config, "get_domain_config"),
            patch(
                path,
                domain_configs.update_domain_config,
                "update_domain_config",
                domain_configs.ConfigBody,
            ),
            delete(path, domain_configs.delete_domain_config, "delete_domain_config"),
        )
    ),
]

_ROLES = [
    get("/roles", roles.list_roles, "list_roles"),
    post("/roles", roles.create_role, "create_role", roles.RoleBody),
    get("/roles/{role_id}", roles.show_role, "get_role"),
    patch("/roles/{role_id}", roles.update_role, "update_role", roles.RoleBody),
    delete("/roles/{role_id}", roles.delete_role, "delete_role"),
    get("/roles/{prior_role_id}/implies", roles.list_implied_roles, "list_implied_roles"),
    get(_IMPLIED, roles.show_implied_role, "get_implied_role"),
    put(_IMPLIED, roles.create_implied_role, "create_implied_role", status=201),
    delete(_IMPLIED, roles.delete_implied_role, "delete_implied_role"),
    get("/role_inferences", roles.list_role_inferences, "list_role_inference_rules"),
    get("/role_assignments", assignments.list_role_assignments, "list_role_assignments"),
    *(
        row
        for root in ("/projects/{project_id}", "/domains/{domain_id}", "/system")
        for actor in ("/users/{user_id}", "/groups/{group_id}")
        for path, system in ((f"{root}{actor}/roles", "system_" if root == "/system" else ""),)
        for row in (
            get(path, assignments.list_granted_roles, f"list_{system}grants"),
            get(path + "/{role_id}", assignments.check_role, f"check_{system}grant"),
            put(path + "/{role_id}", assignments.grant_role, f"create_{system}grant"),
            delete(path + "/{role_id}", assignments.revoke_role, f"revoke_{system}grant"),
        )
    ),
]

_CATALOG = [
    get("/services", catalog.list_services, "list_services"),
    post("/services", catalog.create_service, "create_service", catalog.ServiceBody),
    get("/services/{service_id}", catalog.show_service, "get_service"),
    patch("/services/{service_id}", catalog.update_service, "update_service", catalog.ServiceBody),
    delete("/services/{service_id}", catalog.delete_service, "delete_service"),
    get("/endpoints", catalog.list_endpoints, "list_endpoints"),
    post("/endpoints", catalog.create_endpoint, "create_endpoint", catalog.EndpointBody),
    get("/endpoints/{endpoint_id}", catalog.show_endpoint, "get_endpoint"),
    patch(
        "/endpoints/{endpoint_id}",
        catalog.update_endpoint,
        "update_endpoint",
        catalog.EndpointBody,
    ),
    delete("/endpoints/{endpoint_id}", catalog.delete_endpoint, "delete_endpoint"),
    get("/regions", catalog.list_regions, "list_regions"),
    post("/regions", catalog.create_region, "create_region", catalog.RegionBody),
    get("/regions/{region_id}", catalog.show_region, "get_region"),
    put("/regions/{region_id}", catalog.put_region, "create_region", catalog.RegionBody, 201),
    patch("/regions/{region_id}", catalog.update_region, "update_region", catalog.RegionBody),
    delete("/regions/{region_id}", catalog.delete_region, "delete_region"),
    get("/policies", policy_documents.list_policies, "list_policies"),
    post("/policies", policy_documents.create_policy, "create_policy", policy_documents.PolicyBody),
    get("/policies/{policy_id}", policy_documents.show_policy, "get_policy"),
    patch(
        "/policies/{policy_id}",
        policy_documents.update_policy,
        "update_policy",
        policy_documents.PolicyBody,
    ),
    delete("/policies/{policy_id}", policy_documents.delete_policy, "delete_policy"),
]

_CREDENTIALS = [
    get("/credentials", credentials.list_credentials, "list_credentials"),
    post(
        "/credentials",
        credentials.create_credential,
        "create_credential",
        credentials.CredentialBody,
    ),
    get("/credentials/{credential_id}", credentials.show_credential, "get_credential"),
    patch(
        "/credentials/{credential_id}",
        credentials.update_credential,
        "update_credential",
        credentials.CredentialBody,
    ),
    delete("/credentials/{credential_id}", credentials.delete_credential, "delete_credential"),
    get(
        _APP_CREDENTIALS,
        application_credentials.list_application_credentials,
        "list_application_credentials",
    ),
    post(
        _APP_CREDENTIALS,
        application_credentials.create_application_credential,
        "create_application_credential",
        application_credentials.ApplicationCredentialBody,
        access="none",
    ),
    get(
        _APP_CREDENTIAL,
        application_credentials.show_application_credential,
        "get_application_credential",
    ),
    delete(
        _APP_CREDENTIAL,
        application_credentials.delete_application_credential,
        "delete_application_credential",
    ),
    get(
        "/users/{user_id}/access_rules",
        application_credentials.list_access_rules,
        "list_access_rules",
    ),
    get(
        "/users/{user_id}/access_rules/{access_rule_id}",
        application_credentials.show_access_rule,
        "get_access_rule",
    ),
    delete(
        "/users/{user_id}/access_rules/{access_rule_id}",
        application_credentials.delete_access_rule,
        "delete_access_rule",
    ),
]

_LIMITS = [
    get("/registered_limits", limits.list_registered_limits, "list_registered_limits"),
    post(
        "/registered_limits",
        limits.create_registered_limits,
        "create_registered_limits",
        limits.RegisteredLimitsBody,
    ),
    get(
        "/registered_limits/{registered_limit_id}",
        limits.show_registered_limit,
        "get_registered_limit",
    ),
    patch(
        "/registered_limits/{registered_limit_id}",
        limits.update_registered_limit,
        "update_registered_limit",
        limits.RegisteredLimitBody,
    ),
    delete(
        "/registered_limits/{registered_limit_id}",
        limits.delete_registered_limit,
        "delete_registered_limit",
    ),
    get("/limits/model", limits.show_limit_model, "get_limit_model"),
    get("/limits", limits.list_limits, "list_limits"),
    post("/limits", limits.create_limits, "create_limits", limits.LimitsBody),
    get("/limits/{limit_id}", limits.show_limit, "get_limit"),
    patch("/limits/{limit_id}", limits.update_limit, "update_limit", limits.LimitBody),
    delete("/limits/{limit_id}", limits.delete_limit, "delete_limit"),
]

ROUTES = [
    *_TOKENS,
    *_USERS,
    *_PROJECTS,
    *_ROLES,
    *_CATALOG,
    *_CREDENTIALS,
    *_LIMITS,
    *EXTENSIONS,
]
