#!/bin/sh
# Makes in DIR what a virtual machine starts with: a kernel of Debian, and a first file system that mounts the one of this
# machine to be read. Two Debian packages are downloaded for it, and none is installed.
# usage: make-machine.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
[ -e initrd ] && exit
image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p')
apt-get -q download "$image" busybox-static
for package in ./*.deb; do dpkg-deb -x "$package" . && rm "$package"; done
version=${image#linux-image-}
bin/busybox depmod -b "$PWD" "$version"
mkdir -p first/bin first/proc first/sys first/dev first/root "first/lib/modules/$version"
cp bin/busybox first/bin/
cp "$here/machine-init.sh" first/init && chmod +x first/init
modules=lib/modules/$version
cp "$modules"/modules.* "first/$modules/"
for module in virtio_pci virtio_blk crc32c_generic ext4 virtio_net 9pnet_virtio 9p; do
  for file in $(sed -n "s|:| |; /\/$module\.ko /p" "$modules/modules.dep"); do
    mkdir -p "first/$modules/${file%/*}" && cp "$modules/$file" "first/$modules/$file"
  done
done
(cd first && find . | cpio --quiet -o -H newc | gzip -1) >initrd.part
mv boot/vmlinuz-* kernel
rm -rf first boot lib usr bin
mv initrd.part initrd
