"""Rules of the identity API."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("identity:discover", Check.PUBLIC, "See which versions there are."),
    Rule("identity:create_token", Check.PUBLIC, "Prove who one is and get a token."),
    Rule("identity:own_token", Check.AUTHENTICATED, "See or end a token, list one's scopes."),
    Rule("identity:change_password", Check.PUBLIC, "Change one's password by giving the old one."),
    Rule("identity:show_user", Check.AUTHENTICATED, "See oneself; admins see every user."),
    Rule("identity:show_project", Check.AUTHENTICATED, "See one's project; admins see all."),
    Rule("identity:list_domains", Check.AUTHENTICATED, "See the domains."),
    Rule("identity:list_roles", Check.ADMIN, "See the roles."),
    Rule("identity:manage", Check.ADMIN, "Create, change and delete users, projects and roles."),
    Rule("identity:list_catalog", Check.ADMIN, "List services, endpoints and regions."),
]
