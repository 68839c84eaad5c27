"""What a project shares with others (Neutron API, "RBAC Policies")."""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

RbacPolicyId = NewType("RbacPolicyId", str)

EVERYBODY = "*"


class ObjectType(StrEnum):
    """Kinds of things that can be shared."""

    NETWORK = "network"
    SUBNETPOOL = "subnetpool"
    ADDRESS_SCOPE = "address_scope"
    ADDRESS_GROUP = "address_group"
    SECURITY_GROUP = "security_group"
    QOS_POLICY = "qos_policy"


class Action(StrEnum):
    """As what a thing is shared."""

    SHARED = "access_as_shared"
    EXTERNAL = "access_as_external"


@dataclass(frozen=True, slots=True, kw_only=True)
class RbacPolicy:
    """One thing shared with one project, or with everybody."""

    id: RbacPolicyId
    project_id: str
    object_type: ObjectType
    object_id: str
    action: Action
    target: str
    description: str
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
