# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for and from who sources this, and tests/machines.sh
#
# Sourced after tests/machines.sh: a machine of QEMU that starts as libkrun starts one,
# from the bytes and addresses that libkrunfw gives.

# libkrun's own, and that there may be datagrams, which QEMU does not pass on
krun_arguments='reboot=k panic=-1 panic_print=0 nomodule console=hvc0 rootfstype=virtiofs rw quiet no-kvmapf init=/init.krun tsi_hijack vmw_vsock_virtio_transport.assume_dgram=1'

# An interrupt of virtio's is that of the clock, which libkrun's machine has not.
[ "$GUEST" = aarch64 ] || machine=$machine,rtc=off

# krun_devices DEVICE...: the options of the devices, each in a place of its own, in
# $devices, and for x86_64 what the kernel is told of them, in $krun_places
krun_devices() {
	devices='' krun_places='' krun_place=0
	for device; do
		devices="$devices -device $device,bus=virtio-mmio-bus.$krun_place"
		[ "$GUEST" = aarch64 ] || krun_places="$krun_places $(printf \
			'virtio_mmio.device=512@0x%x:%d' $((0xfeb00000 + krun_place * 512)) $((krun_place + 5)))"
		krun_place=$((krun_place + 1))
	done
}

# krun_start DIRECTORY BYTES "LOAD ENTRY SIZE" MEMORY PROCESSORS ARGUMENTS: what makes a
# machine start so, in $krun_start and $krun_memory, which is of the machine's in MiB
krun_start() {
	krun_directory=$1 krun_bytes=$2 krun_mib=$4 krun_processors=$5
	krun_entry=${3#* } krun_entry=${krun_entry% *} krun_load=${3%% *}
	"krun_start_$GUEST" "$6" &&
		krun_start="$krun_start -device loader,file=$krun_bytes,addr=$krun_load,force-raw=on"
}

# krun_assemble ADDRESS DEFINITION...
krun_assemble() {
	krun_address=$1
	shift
	"$triplet-gcc" -c -o "$krun_directory/start.o" "$@" "-DENTRY=$krun_entry" \
		"$top_srcdir/tests/krun/start-$GUEST.S" &&
		"$triplet-ld" -e 0 -Ttext="$krun_address" -o "$krun_directory/start.elf" "$krun_directory/start.o" &&
		"$triplet-objcopy" -O binary -j .text "$krun_directory/start.elf" "$krun_directory/start"
}

krun_start_x86_64() {
	krun_memory=$krun_mib
	printf '%s\0' "$1" >"$krun_directory/arguments"
	krun_assemble 0xf0000 -DMEMORY=$((krun_mib << 20)) "-DPROCESSORS=$krun_processors" || return
	# libkrun's keyboard controller restarts the machine.
	krun_start="-bios $krun_directory/start -device i8042 -device loader,file=$krun_directory/arguments,addr=0x20000,force-raw=on"
}

# libkrun's memory begins at 2 GiB, that of virt at 1 GiB; and QEMU takes arguments only
# together with a kernel.
krun_start_aarch64() {
	krun_memory=$((1024 + krun_mib))
	krun_tree=$((0x80000000 + (krun_mib - 2 << 20)))
	krun_assemble 0x40200000 "-DDEVICE_TREE=$krun_tree" &&
		"$qemu" -M "$machine,dumpdtb=$krun_directory/tree" -cpu "$processor" -smp "$krun_processors" \
			-m "$krun_memory" -nodefaults -display none >"$krun_directory/tree.log" 2>&1 &&
		fdtput "$krun_directory/tree" -t s /chosen bootargs "$1" &&
		fdtput "$krun_directory/tree" -t x /memory@40000000 reg 0 80000000 0 "$(printf %x $((krun_mib << 20)))" || return
	krun_start="-device loader,file=$krun_directory/start,addr=0x40200000,cpu-num=0,force-raw=on -device loader,file=$krun_directory/tree,addr=$krun_tree,force-raw=on"
}
