"""Networks, subnets, ports, routers, floating IPs and security groups (Neutron v2.0).

A request changes rows; four reconcilers make hosts agree. A *network* goes to every host that one
of its ports is on, with DHCP for all of its ports; a *port* of a guest goes to the host that
compute bound it to, with its security rules resolved to addresses; a *router* goes to one host,
chosen once and recorded, and takes its networks with it. A *security group* only says which ports
have to be looked at again.

Invariants: an address is given once per subnet and a MAC once per network; what a tenant writes
into `device_id` and `device_owner` gives it nothing, because servers and routers own ports through
columns of their own; a deleted port, network or router is hidden at once and its row goes when no
host holds anything of it; a network leaves a host after the last of its ports there.
"""
