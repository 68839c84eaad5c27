"""Servers, flavors, key pairs (Nova v2.1).

A *server* is the user's thing; a *vm* is its one process on one *host*. A server's row holds what
its owner desires, what the reconciler owns (its host) and what the host reports; its status is
computed from them by `model.state.condition`:

    vm_state   the stable part: building until it has run, then as drawn here
    task_state what of the desired state is not seen yet, such as powering-off or deleting

    active             --stop--> stopped
                       --pause--> paused
                       --suspend--> suspended
                       --rescue--> rescued
                       --resize, migrate--> resized
                       --shelve--> shelved_offloaded
    paused             --hard_reboot, unpause--> active
                       --shelve--> shelved_offloaded
    suspended          --hard_reboot, resume--> active
                       --shelve--> shelved_offloaded
    stopped            --start, hard_reboot--> active
                       --rescue--> rescued
                       --resize, migrate--> resized
                       --shelve--> shelved_offloaded
    rescued            --unrescue--> active
    shelved            --shelveOffload--> shelved_offloaded
    shelved_offloaded  --unshelve--> active
    error              --stop--> stopped
                       --hard_reboot--> active
                       --rescue--> rescued

From `resized` the owner's word, confirmResize or revertResize, leads to active or stopped. A fault
leads to error from anywhere, delete to deleted.

Invariants: a row goes only when vm, ports, attachments and allocation are all gone; a server that
could not be launched holds nothing; the desired generation rises with every change of a wish.
"""
