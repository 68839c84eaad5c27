"""Who: domains, projects, users, groups, roles, tokens, catalog (Keystone v3).

A token is a Fernet message that names a user, a scope and an expiry; what the user may do in the
scope is read from the database at every request, so a disabled user, a changed password, a
revoked role or a deleted project counts at once. A token made from a token never lives longer.

What a user delegates (an application credential, a trust, an OAuth access) comes down to one
thing, a grant: some roles in one project. It holds while its grantor has every one of them, never
leaves its project, and makes no wider or longer-lived delegation.

Invariants: passwords and secrets of application credentials are kept as argon2id only; what must
be read again is sealed with keys that are not in the database; a token is bound to the epochs of
its user and of the project or domain in scope, and raising an epoch ends all of them; what a role
brings is derived from the inferences in the transaction that changes one; a one-time passcode is
good once.
"""
