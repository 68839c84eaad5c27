"""The DHCP options that a port's owner may choose: dnsmasq's names for them, and their numbers.

What the protocol itself and the cloud decide (addresses, leases, message types, routes to the
metadata service) is not among them.
"""

OPTIONS = {
    "bootfile-name": 67,
    "domain-name": 15,
    "domain-search": 119,
    "dns-server": 6,
    "root-path": 17,
    "log-server": 7,
    "lpr-server": 9,
    "mtu": 26,
    "ntp-server": 42,
    "server-ip-address": 255,
    "sip-server": 120,
    "smtp-server": 69,
    "tftp-server": 66,
    "tftp-server-address": 150,
    "time-offset": 2,
    "time-server": 4,
    "vendor-encap": 43,
    "www-server": 72,
    "posix-timezone": 100,
    "tzdb-timezone": 101,
    "user-class": 77,
    "boot-menu": 210,
    "netbios-ns": 44,
    "T1": 58,
    "T2": 59,
}
OPTIONS6 = {
    "dns-server": 23,
    "domain-search": 24,
    "bootfile-url": 59,
    "bootfile-param": 60,
    "ntp-server": 56,
    "sntp-server": 31,
    "sip-server": 22,
    "sip-server-domain": 21,
    "information-refresh-time": 32,
}
