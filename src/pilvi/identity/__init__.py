"""Who: projects, users, roles, tokens, catalog (Keystone v3).

A token is a Fernet message that names a user, a scope and an expiry; what the user may do in the
scope is read from the database at every request, so a disabled user, a changed password, a
revoked role or a deleted project counts at once. A token made from a token never lives longer.

Invariants: passwords are kept as argon2id only; a token is bound to the epochs of its user and
project, and raising an epoch ends all of them.
"""
