"""The real driver: Linux namespaces, bridges, taps, nftables, dnsmasq."""
