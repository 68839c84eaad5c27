"""The rest of identity's surface: the extensions, whose paths begin with `OS-`."""

from pilvi.identity.api import (
    assignments,
    credentials,
    endpoint_filters,
    gone,
    oauth,
    oauth2,
    policy_documents,
    signed_requests,
    tokens,
    trusts,
)
from pilvi.identity.api.surface import delete, get, patch, post, put

_TRUSTS = "/OS-TRUST/trusts"
_GROUPS = "/OS-EP-FILTER/endpoint_groups"
_GROUP = _GROUPS + "/{endpoint_group_id}"
_FILTERED = "/OS-EP-FILTER/projects/{project_id}"
_EC2 = "/users/{user_id}/credentials/OS-EC2"
_CONSUMERS = "/OS-OAUTH1/consumers"
_ACCESS_TOKENS = "/users/{user_id}/OS-OAUTH1/access_tokens"
_ACCESS_TOKEN = _ACCESS_TOKENS + "/{access_token_id}"
_POLICY = "/policies/{policy_id}/OS-ENDPOINT-POLICY"

_INHERITED = [
    *(
        row
        for root in ("/OS-INHERIT/projects/{project_id}", "/OS-INHERIT/domains/{domain_id}")
        for actor in ("/users/{user_id}", "/groups/{group_id}")
        for path in (f"{root}{actor}/roles/{{role_id}}/inherited_to_projects",)
        for row in (
            get(path, assignments.check_role, "check_grant"),
            put(path, assignments.grant_role, "create_grant"),
            delete(path, assignments.revoke_role, "revoke_grant"),
        )
    ),
    *(
        get(
            f"/OS-INHERIT/domains/{{domain_id}}{actor}/roles/inherited_to_projects",
            assignments.list_granted_roles,
            "list_grants",
        )
        for actor in ("/users/{user_id}", "/groups/{group_id}")
    ),
]

_DELEGATION = [
    get(_TRUSTS, trusts.list_trusts, "list_trusts"),
    get(_TRUSTS + "/", trusts.list_trusts, "list_trusts"),
    post(_TRUSTS, trusts.create_trust, "create_trust", trusts.TrustBody),
    get(_TRUSTS + "/{trust_id}", trusts.show_trust, "get_trust"),
    delete(_TRUSTS + "/{trust_id}", trusts.delete_trust, "delete_trust"),
    get(_TRUSTS + "/{trust_id}/roles", trusts.list_trust_roles, "list_roles_for_trust"),
    get(_TRUSTS + "/{trust_id}/roles/{role_id}", trusts.show_trust_role, "get_role_for_trust"),
    get(_EC2, credentials.list_ec2_credentials, "ec2_list_credentials"),
    post(_EC2, credentials.create_ec2_credential, "ec2_create_credential", credentials.Ec2Create),
    get(_EC2 + "/{access}", credentials.show_ec2_credential, "ec2_get_credential"),
    delete(_EC2 + "/{access}", credentials.delete_ec2_credential, "ec2_delete_credential"),
    get("/OS-REVOKE/events", tokens.list_revocation_events, "list_revoke_events"),
    get("/OS-FEDERATION/projects", tokens.list_auth_projects, "get_auth_projects"),
    get("/OS-FEDERATION/domains", tokens.list_auth_domains, "get_auth_domains"),
]

_ENDPOINT_FILTERS = [
    get(_GROUPS, endpoint_filters.list_endpoint_groups, "list_endpoint_groups"),
    post(
        _GROUPS,
        endpoint_filters.create_endpoint_group,
        "create_endpoint_group",
        endpoint_filters.EndpointGroupBody,
    ),
    get(_GROUP, endpoint_filters.show_endpoint_group, "get_endpoint_group"),
    patch(
        _GROUP,
        endpoint_filters.update_endpoint_group,
        "update_endpoint_group",
        endpoint_filters.EndpointGroupBody,
    ),
    delete(_GROUP, endpoint_filters.delete_endpoint_group, "delete_endpoint_group"),
    get(
        _GROUP + "/endpoints",
        endpoint_filters.list_endpoints_in_group,
        "list_endpoints_associated_with_endpoint_group",
    ),
    get(
        _GROUP + "/projects",
        endpoint_filters.list_filtered_projects,
        "list_projects_associated_with_endpoint_group",
    ),
    get(
        _GROUP + "/projects/{project_id}",
        endpoint_filters.show_endpoint_group_project,
        "get_endpoint_group_in_project",
    ),
    put(
        _GROUP + "/projects/{project_id}",
        endpoint_filters.add_endpoint_to_project,
        "add_endpoint_group_to_project",
    ),
    delete(
        _GROUP + "/projects/{project_id}",
        endpoint_filters.remove_endpoint_from_project,
        "remove_endpoint_group_from_project",
    ),
    get(
        "/OS-EP-FILTER/endpoints/{endpoint_id}/projects",
        endpoint_filters.list_filtered_projects,
        "list_projects_for_endpoint",
    ),
    get(
        _FILTERED + "/endpoint_groups",
        endpoint_filters.list_project_endpoint_groups,
        "list_endpoint_groups_for_project",
    ),
    get(
        _FILTERED + "/endpoints",
        endpoint_filters.list_project_endpoints,
        "list_endpoints_for_project",
    ),
    get(
        _FILTERED + "/endpoints/{endpoint_id}",
        endpoint_filters.check_endpoint_in_project,
        "check_endpoint_in_project",
    ),
    put(
        _FILTERED + "/endpoints/{endpoint_id}",
        endpoint_filters.add_endpoint_to_project,
        "add_endpoint_to_project",
    ),
    delete(
        _FILTERED + "/endpoints/{endpoint_id}",
        endpoint_filters.remove_endpoint_from_project,
        "remove_endpoint_from_project",
    ),
]

_ENDPOINT_POLICIES = [
    get(
        "/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy",
        policy_documents.show_endpoint_policy,
        "get_policy_for_endpoint",
    ),
    get(
        _POLICY + "/endpoints", policy_documents.list_policy_endpoints, "list_endpoints_for_policy"
    ),
    *(
        row
        for place in (
            "/endpoints/{endpoint_id}",
            "/services/{service_id}",
            "/services/{service_id}/regions/{region_id}",
        )
        for row in (
            get(
                _POLICY + place,
                policy_documents.check_policy_association,
                "check_policy_association",
            ),
            put(
                _POLICY + place,
                policy_documents.add_policy_association,
                "create_policy_association",
            ),
            delete(
                _POLICY + place,
                policy_documents.remove_policy_association,
                "delete_policy_association",
            ),
        )
    ),
]

_OAUTH = [
    get(_CONSUMERS, oauth.list_consumers, "list_consumers"),
    post(_CONSUMERS, oauth.create_consumer, "create_consumer", oauth.ConsumerBody),
    get(_CONSUMERS + "/{consumer_id}", oauth.show_consumer, "get_consumer"),
    patch(
        _CONSUMERS + "/{consumer_id}",
        oauth.update_consumer,
        "update_consumer",
        oauth.ConsumerBody,
    ),
    delete(_CONSUMERS + "/{consumer_id}", oauth.delete_consumer, "delete_consumer"),
    post("/OS-OAUTH1/request_token", oauth.create_request_token, "create_request_token", None),
    put(
        "/OS-OAUTH1/authorize/{request_token_id}",
        oauth.authorize_request_token,
        "authorize_request_token",
        oauth.AuthorizeBody,
        200,
    ),
    post("/OS-OAUTH1/access_token", oauth.create_access_token, "create_access_token", None),
    get(_ACCESS_TOKENS, oauth.list_access_tokens, "list_access_tokens"),
    get(_ACCESS_TOKEN, oauth.show_access_token, "get_access_token"),
    delete(_ACCESS_TOKEN, oauth.delete_access_token, "delete_access_token"),
    get(_ACCESS_TOKEN + "/roles", oauth.list_access_token_roles, "list_access_token_roles"),
    get(
        _ACCESS_TOKEN + "/roles/{role_id}",
        oauth.show_access_token_role,
        "get_access_token_role",
    ),
]

_OTHER_TOKENS = [
    *(
        post(path, handler, rule, signed_requests.SignedBody, status=200, access="none")
        for path, handler, rule in (
            ("/ec2tokens", signed_requests.validate_ec2_request, "ec2tokens_validate"),
            ("/s3tokens", signed_requests.validate_s3_request, "s3tokens_validate"),
        )
    ),
    post(
        "/OS-OAUTH2/token",
        oauth2.create_oauth2_token,
        "create_token",
        None,
        status=200,
        access="none",
    ),
    get("/OS-SIMPLE-CERT/ca", gone.refuse_certificates, "discover"),
    get("/OS-SIMPLE-CERT/certificates", gone.refuse_certificates, "discover"),
    get("/auth/tokens/OS-PKI/revoked", gone.refuse_revoked_tokens, "discover"),
]

EXTENSIONS = [
    *_INHERITED,
    *_DELEGATION,
    *_OAUTH,
    *_ENDPOINT_FILTERS,
    *_ENDPOINT_POLICIES,
    *_OTHER_TOKENS,
]
