#!/bin/sh
# Brings the guest up. Each finding is one console line "GUEST: ..." which tests read:
#
#   GUEST: block vda sectors=2097152 serial=...   one per disk
#   GUEST: state mounted                          what survives reboots is at /state (or: missing)
#   GUEST: dhcp-ok eth0 10.0.0.5/24 mtu 1450      one per network interface (or: dhcp-fail eth0)
#   GUEST: metadata source=configdrive uuid=... hostname=...     source: configdrive, http or none
#   GUEST: ec2 instance-id=... local-ipv4=...     if the source has EC2 metadata
#   GUEST: pubkey 1                               how many keys may log in as root over SSH
#   GUEST: qemu-ga                                the QEMU guest agent has found its port
#   GUEST: userdata rc=0                          after user data that begins with #!
#   GUEST: READY                                  all of the above is done; a shell follows
#   GUEST: ssh-ready                              port 22 answers; before READY or after it
#   GUEST: power-button                           pressed: the guest switches off
#
# Starting a program takes 10 ms where the processor is emulated, hence `read` instead of `cat`.
#
# shellcheck disable=SC2046,SC2086  # lists of names are meant to be split
set -u
export HOME=/root PATH=/bin:/sbin:/usr/bin:/usr/sbin
METADATA=/run/metadata
TAB='	'

say() {
    echo "GUEST: $*"
}

# Only what this machine has: each module costs time, and the rest can wait until after READY.
load_needed_modules() {
    modprobe -a virtio_pci button evdev
    modprobe -a $(sort -u /sys/bus/virtio/devices/*/modalias) 2>/dev/null
    [ ! -d /sys/bus/scsi ] || modprobe sd_mod
}

# Starts a DHCP client for each interface; they look for a lease while the disks are looked at.
start_network() {
    ip link set lo up
    dhcp_clients=
    for path in /sys/class/net/eth*; do
        [ -e "$path" ] || continue
        dhcp "${path##*/}" &
        dhcp_clients="$dhcp_clients $!"
    done
}

list_disks() {
    for path in /sys/block/vd* /sys/block/sd*; do
        [ -e "$path" ] || continue
        serial=
        if [ -e "$path/serial" ]; then
            read -r serial <"$path/serial"
        elif [ -e "$path/device/vpd_pg80" ]; then
            serial=$(tail -c +5 "$path/device/vpd_pg80") # SCSI: four bytes of header come first
        fi
        read -r sectors <"$path/size"
        say "block ${path##*/} sectors=$sectors serial=$serial"
    done
}

# The second partition of the disk we booted from, not of another disk made from the same image.
mount_state() {
    for device in /dev/vda2 /dev/sda2; do
        [ -b "$device" ] && mount -t ext4 "$device" /state && say "state mounted" && return
    done
    say "state missing"
}

# authorize KEY: lets it log in over SSH, if it is a key.
authorize() {
    case $1 in
    ssh-* | ecdsa-* | sk-*)
        echo "$1" >>/root/.ssh/authorized_keys
        keys=$((keys + 1))
        ;;
    esac
}

use_metadata() {
    source=$(/etc/metadata.sh "$METADATA")
    cd "$METADATA" || return
    uuid='' name=guest keys=0 instance_id='' address=''
    while IFS="$TAB" read -r key value; do
        case $key in
        uuid) uuid=$value ;;
        hostname) name=${value%%.*} ;;
        public_keys/*) authorize "$value" ;;
        esac
    done <values
    hostname "$name"
    say "metadata source=$source uuid=$uuid hostname=$name"
    [ ! -e instance-id ] || read -r instance_id <instance-id
    [ ! -e local-ipv4 ] || read -r address <local-ipv4
    [ -z "$instance_id" ] || say "ec2 instance-id=$instance_id local-ipv4=$address"
    [ ! -e openssh-key ] || [ "$keys" -gt 0 ] || authorize "$(cat openssh-key)"
    say "pubkey $keys"
    cd /
}

# Without hardware randomness the host key takes seconds, so READY does not wait for it.
start_ssh() {
    key=/etc/dropbear/dropbear_ed25519_host_key
    {
        dropbearkey -t ed25519 -f "$key" && dropbear -s -r "$key" && say ssh-ready >/dev/console
    } >/dev/null 2>&1 &
}

run_user_data() {
    [ -e "$METADATA/user_data" ] || return
    read -r first_line <"$METADATA/user_data"
    [ "${first_line#\#!}" != "$first_line" ] || return
    chmod +x "$METADATA/user_data"
    (cd /root && "$METADATA/user_data" </dev/null)
    say "userdata rc=$?"
}

start_guest_agent() {
    for path in /sys/class/virtio-ports/*; do
        [ "$(cat "$path/name" 2>/dev/null)" = org.qemu.guest_agent.0 ] || continue
        qemu-ga -d -m virtio-serial -p "/dev/${path##*/}" -t /run && say qemu-ga
    done
}

load_needed_modules
acpid
start_network
list_disks
mount_state
wait $dhcp_clients
use_metadata
start_ssh
start_guest_agent
run_user_data
say READY
# What may be plugged in later must find its driver.
modprobe -a $(cat /etc/modules) &
