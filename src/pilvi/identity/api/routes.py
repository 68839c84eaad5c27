"""THE SURFACE of identity: one row per method and path."""

from pilvi.core.http import Route
from pilvi.identity.api import discovery, projects, tokens, users

_GRANT = "/projects/{project_id}/users/{user_id}/roles/{role_id}"

DISCOVERY = [
    Route("GET", "", discovery.list_versions, "identity:discover"),
    Route("GET", "/", discovery.list_versions, "identity:discover"),
    Route("GET", "/v3", discovery.show_version, "identity:discover"),
    Route("GET", "/v3/", discovery.show_version, "identity:discover"),
]

ROUTES = [
    Route(
        "POST",
        "/auth/tokens",
        tokens.create_token,
        "identity:create_token",
        status=201,
        body=tokens.TokenCreate,
        access="none",
    ),
    Route(
        "POST",
        "/users",
        users.create_user,
        "identity:manage",
        status=201,
        body=users.UserCreate,
        access="none",
    ),
    Route(
        "PATCH",
        "/users/{user_id}",
        users.update_user,
        "identity:manage",
        body=users.UserCreate,
        access="none",
    ),
    Route(
        "POST",
        "/users/{user_id}/password",
        users.change_password,
        "identity:change_password",
        status=204,
        body=users.PasswordChange,
        access="none",
    ),
    Route("GET", "/auth/tokens", tokens.show_token, "identity:own_token"),
    Route("DELETE", "/auth/tokens", tokens.revoke_token, "identity:own_token", status=204),
    Route("GET", "/auth/catalog", tokens.show_catalog, "identity:own_token"),
    Route("GET", "/auth/projects", tokens.list_auth_projects, "identity:own_token"),
    Route("GET", "/projects", projects.list_projects, "identity:show_project"),
    Route(
        "POST",
        "/projects",
        projects.create_project,
        "identity:manage",
        status=201,
        body=projects.ProjectCreate,
    ),
    Route("GET", "/projects/{project_id}", projects.show_project, "identity:show_project"),
    Route(
        "PATCH",
        "/projects/{project_id}",
        projects.update_project,
        "identity:manage",
        body=projects.ProjectCreate,
    ),
    Route(
        "DELETE", "/projects/{project_id}", projects.delete_project, "identity:manage", status=204
    ),
    Route("GET", "/users", users.list_users, "identity:show_user"),
    Route("GET", "/users/{user_id}", users.show_user, "identity:show_user"),
    Route("DELETE", "/users/{user_id}", users.delete_user, "identity:manage", status=204),
    Route("GET", "/domains", projects.list_domains, "identity:list_domains"),
    Route("GET", "/domains/{domain_id}", projects.show_domain, "identity:list_domains"),
    Route("GET", "/roles", projects.list_roles, "identity:list_roles"),
    Route("GET", "/roles/{role_id}", projects.show_role, "identity:list_roles"),
    Route("GET", "/role_assignments", projects.list_role_assignments, "identity:manage"),
    Route(
        "PUT",
        "/projects/{project_id}/users/{user_id}/roles/{role_id}",
        projects.grant_role,
        "identity:manage",
        status=204,
    ),
    Route(
        "DELETE",
        "/projects/{project_id}/users/{user_id}/roles/{role_id}",
        projects.revoke_role,
        "identity:manage",
        status=204,
    ),
    Route("GET", "/services", discovery.list_services, "identity:list_catalog"),
    Route("GET", "/endpoints", discovery.list_endpoints, "identity:list_catalog"),
    Route("GET", "/regions", discovery.list_regions, "identity:discover"),
    Route("GET", "/regions/{region_id}", discovery.show_region, "identity:discover"),
]
