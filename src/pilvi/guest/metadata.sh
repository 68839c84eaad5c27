#!/bin/sh
# metadata.sh DIRECTORY: fills the directory with what the cloud says about this server, and prints
# where that came from: configdrive, http or none. The file "values" is always there: a line of key,
# tab and value for each value in meta_data.json. These are there if the cloud has them:
# meta_data.json user_data instance-id local-ipv4 openssh-key
SERVICE=http://169.254.169.254
ATTEMPTS=6   # half a second apart: a metadata service may come up after its first guest
TIMEOUT_S=25 # for all of it: a network that swallows packets must not hold up the boot for ever

from_config_drive() {
    # Some makers of FAT filesystems write the label in capitals.
    device=$(findfs LABEL=config-2 || findfs LABEL=CONFIG-2) || return 1
    mount -o ro -t iso9660 "$device" /mnt || mount -o ro -t vfat "$device" /mnt || return 1
    for name in meta_data.json user_data; do
        [ -e "/mnt/openstack/latest/$name" ] && cp "/mnt/openstack/latest/$name" .
    done
    if [ -e /mnt/ec2/latest/meta-data.json ]; then
        awk -f /etc/json.awk /mnt/ec2/latest/meta-data.json >ec2-values
        for name in instance-id local-ipv4; do
            sed -n "s/^$name\t//p" ec2-values >"$name"
        done
    fi
    umount /mnt
    [ -e meta_data.json ]
}

# fetch PATH: the file gets the last part of the path as its name. busybox-static 1.35 crashes on
# "wget -T", so the time limit is set outside.
fetch() {
    wget -q -O "${1##*/}" "$SERVICE/$1" || ! rm -f "${1##*/}"
}

from_http() {
    ip route get "${SERVICE#http://}" >/dev/null || return 1
    attempt=1
    until fetch openstack/latest/meta_data.json; do
        [ "$attempt" -ge "$ATTEMPTS" ] && return 1
        attempt=$((attempt + 1))
        usleep 500000
    done
    for path in openstack/latest/user_data latest/meta-data/instance-id \
        latest/meta-data/local-ipv4 latest/meta-data/public-keys/0/openssh-key; do
        fetch "$path" &
    done
    wait
}

exec 2>/dev/null
mkdir -p "$1" && cd "$1" || exit 1
if [ "${2:-}" = http ]; then
    from_http
    exit
fi
if from_config_drive; then
    echo configdrive
elif timeout "$TIMEOUT_S" "$0" "$1" http >/dev/null; then # or a late wget would hold our output
    echo http
else
    echo none
    rm -f meta_data.json
fi
if [ -e meta_data.json ]; then
    awk -f /etc/json.awk meta_data.json >values
else
    : >values
fi
