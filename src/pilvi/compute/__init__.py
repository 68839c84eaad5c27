"""Servers, flavors, key pairs (Nova v2.1).

A *server* is the user's thing; a *vm* is its one process on one *host*. A server's row holds what
its owner desires, what the reconciler owns (its host) and what the host reports; its status is
computed from them by `model.server.condition`:

    vm_state   building -> active <-> paused, active <-> stopped, any -> error, any -> deleted
    task_state what of the desired state is not seen yet, such as powering-off or deleting

Invariants: a row goes only when vm, ports, attachments and allocation are all gone; a server that
could not be launched holds nothing; the desired generation rises with every change of a wish.
"""
