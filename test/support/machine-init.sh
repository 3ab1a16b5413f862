#!/bin/busybox sh
# The first process of the virtual machine. Its root is that of the machine around it, to be read only; the lab's directory is
# at its own path, a file server's share as it were; `state` and `delivered` of the lab are on a disk that is the machine's own.
# $lab comes from the kernel's command line.
run() { /bin/busybox "$@"; }
fail() { echo "machine: $1" && run poweroff -f; }
run mount -t proc proc /proc
run mount -t sysfs sys /sys
run mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk crc32c_generic ext4 virtio_net 9pnet_virtio 9p; do
  run modprobe "$module" || fail "no module $module"
done
run mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,ro,cache=loose root /root || fail 'no root'
for directory in tmp run; do run mount -t tmpfs tmpfs "/root/$directory"; done
run mkdir -p "/root/run/disk" "/root/$lab"
run mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 lab "/root/$lab" || fail 'no lab'
# Nothing goes to the disk by itself: what is not flushed is lost with the power.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
run mount -t ext4 -o commit=900 /dev/vda /root/run/disk || fail 'no disk'
for directory in state delivered; do
  run mkdir -p "/root/run/disk/$directory"
  run mount -o bind "/root/run/disk/$directory" "/root/$lab/$directory" || fail "no $directory"
done
run ip link set lo up
run ip link set eth0 up
run ip address add 10.0.2.15/24 dev eth0
for directory in proc sys dev; do run mount --move "/$directory" "/root/$directory"; done
exec /bin/busybox switch_root /root /bin/sh "$lab/machine.sh"
