#!/bin/sh
# What udhcpc calls with an event as $1 and the lease in the environment: sets address, MTU, routes
# and name servers. Classless routes (option 121) replace the router option, as RFC 3442 asks.
#
# shellcheck disable=SC2154,SC2086  # udhcpc sets the variables; lists are meant to be split

# A lower interface number wins where several interfaces offer the same route.
read -r number <"/sys/class/net/$interface/ifindex"
metric=$((100 + number))

# add_route DESTINATION GATEWAY; the gateway may lie outside the subnet, or be 0.0.0.0: on the link.
add_route() {
    if [ "$2" = 0.0.0.0 ]; then
        ip route replace "$1" dev "$interface" metric "$metric"
    elif ! ip route replace "$1" via "$2" dev "$interface" metric "$metric" 2>/dev/null; then
        ip route replace "$2/32" dev "$interface" metric "$metric"
        ip route replace "$1" via "$2" dev "$interface" metric "$metric"
    fi
}

set_routes() {
    if [ -n "${staticroutes:-}" ]; then
        set -- $staticroutes
        while [ $# -ge 2 ]; do
            add_route "$1" "$2"
            shift 2
        done
    else
        for gateway in ${router:-}; do
            add_route default "$gateway"
        done
    fi
}

set_name_servers() {
    {
        [ -n "${domain:-}" ] && echo "search $domain"
        for server in ${dns:-}; do
            echo "nameserver $server"
        done
    } >/etc/resolv.conf
}

case "$1" in
deconfig)
    ip link set dev "$interface" up
    ip -4 addr flush dev "$interface"
    ;;
bound | renew)
    # A new address is always preceded by deconfig; a renewed lease keeps its own.
    [ "$1" = renew ] || ip addr add "$ip/${mask:-24}" dev "$interface"
    [ -z "${mtu:-}" ] || ip link set dev "$interface" mtu "$mtu"
    set_routes
    set_name_servers
    read -r mtu <"/sys/class/net/$interface/mtu"
    [ "$1" = renew ] ||
        echo "GUEST: dhcp-ok $interface $ip/${mask:-24} mtu $mtu" >/dev/console
    ;;
leasefail)
    # Said once, although udhcpc goes on asking.
    [ -e "/run/dhcp-fail.$interface" ] || echo "GUEST: dhcp-fail $interface" >/dev/console
    touch "/run/dhcp-fail.$interface"
    ;;
esac
