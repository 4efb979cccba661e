#!/bin/sh
# What runs in an emulated PC instead of an operating system: take the inventory, do the machine's job, send what the
# tools printed through the second serial port, and switch off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux LC_ALL=C TZ=UTC
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev && mount -t tmpfs run /run
for module in $(cat /modules); do insmod "$module" 2>/dev/null; done
. /job/environment

disks() { for one in /sys/block/sd* /sys/block/nvme*n*; do [ -e "$one" ] && basename "$one"; done; }

waited=0
while [ "$(disks | wc -l)" -lt "$DISKS" ] && [ "$waited" -lt 60 ]; do sleep 0.5; waited=$((waited + 1)); done
mkdir -p /out && cd /out || poweroff -f

inventory() {
    lshw -json -quiet >lshw.json 2>/dev/null
    dmidecode >dmidecode.txt 2>/dev/null
    for disk in $(disks); do
        smartctl -j -a "/dev/$disk" >"smartctl-$disk.json" 2>/dev/null
        case $disk in nvme*) nvme id-ctrl "/dev/${disk%n*}" -o json >"nvme-id-ctrl-$disk.json" 2>/dev/null ;; esac
    done
}
soil() { for disk in $(disks); do yes "$MARKER" | dd of="/dev/$disk" bs=1M iflag=fullblock conv=fsync 2>/dev/null; done; }
# Keep the page cache empty, so that verification has to read the disk and not what was just written.
thrash() { (while :; do echo 3 >/proc/sys/vm/drop_caches; usleep 40000; done) & }
wipe() { nwipe --nogui --autonuke --nowait --logfile=/out/nwipe.log "$@" >/dev/null 2>&1; }
abort_after() { seconds=$1; shift; timeout -s INT "$seconds" nwipe --nogui --autonuke --nowait --logfile=/out/nwipe.log "$@" >/dev/null 2>&1; }

inventory
soil
. /job/job.sh
sync
stty -F /dev/ttyS1 raw -echo 2>/dev/null
{ echo BEGIN; tar -C /out -czf - . | base64; echo END; } >/dev/ttyS1
sync
poweroff -f
