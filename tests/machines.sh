# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is for who sources it
#
# Sourced by whatever starts QEMU: what it is to start for a guest. An architecture
# costs a row of guest_row, and each of its machines a row of machine_row.
#
# In:   GUEST    the architecture of the guest [that of KERNEL, or aarch64]
#       KERNEL   the kernel, if there is one to ask
#       MACHINE  one of its machines [the first of $machines]
# Out:  GUEST, MACHINE
#       machines             all that GUEST has, the default first, one with PCI last
#       kernel_file          the name of the kernel that guest/kernel/build makes
#       qemu, qemu_package   the program, and Debian's package with it
#       processor            -cpu of an emulated processor that has everything
#       console              the kernel's name of the serial port
#       debian_architecture  what Debian calls the architecture
#       triplet              the prefix of the names of its compiler, less the last -
#       compiler_package     Debian's package with the compiler
#       machine              -M of the machine
#       bus                  where its virtio devices are: virtio-blk-$bus
#       acpi                 yes, if the machine is described by ACPI; else no

# Pointer authentication that is cheap to emulate: the boot takes half the time.
guest_row() {
	case $1 in
	aarch64) echo 'Image qemu-system-arm max,pauth-impdef=on ttyAMA0 arm64 aarch64-linux-gnu virt' ;;
	x86_64) echo 'vmlinux qemu-system-x86 max ttyS0 amd64 x86_64-linux-gnu microvm microvm-acpi q35' ;;
	*)
		printf '%s: GUEST=%s is no architecture of a guest: aarch64 or x86_64\n' "$0" "$1" >&2
		return 1
		;;
	esac
}

machine_row() {
	case $1 in
	virt) echo 'virt device no' ;;
	microvm) echo 'microvm,acpi=off device no' ;;
	microvm-acpi) echo 'microvm,acpi=on device yes' ;;
	q35) echo 'q35 pci yes' ;;
	esac
}

# choose_guest GUEST
choose_guest() {
	row=$(guest_row "$1") || return 1
	GUEST=$1 qemu=qemu-system-$1
	# shellcheck disable=SC2086 # words
	set -- $row
	kernel_file=$1 qemu_package=$2 processor=$3 console=$4 debian_architecture=$5 triplet=$6
	shift 6
	machines=$*
	# A host's own compiler needs no package for its architecture.
	compiler_package=gcc
	[ "$(uname -m)" = "$GUEST" ] || compiler_package=gcc-$(echo "$triplet" | tr _ -)
}

# choose_machine MACHINE: of the guest that was chosen
choose_machine() {
	case " $machines " in
	*" $1 "*) ;;
	*)
		printf '%s: MACHINE=%s is no machine for %s: %s\n' "$0" "$1" "$GUEST" "$machines" >&2
		return 1
		;;
	esac
	MACHINE=$1
	# shellcheck disable=SC2046 # words
	set -- $(machine_row "$1")
	machine=$1 bus=$2 acpi=$3
}

# acceleration kvm|tcg: what -accel is to get. QEMU before 8.1, with a thread for each
# processor, may run code as it was before another processor changed it (its commit
# deba78709ae8 mends that), and a kernel for x86_64 changes its own while it runs: then it
# says "Oops: int3" at a no-op.
acceleration() {
	case $1-$GUEST-$("$qemu" --version 2>/dev/null | sed -n '1s/.* version \([0-9]*\.[0-9]*\).*/\1/p') in
	tcg-x86_64-[0-7].* | tcg-x86_64-8.0) echo tcg,thread=single ;;
	*) echo "$1" ;;
	esac
}

# guest_of KERNEL: by its header, an arm64 Image's or that of ELF for 64 bits, in which
# a number names the machine
guest_of() {
	header=$(od -An -v -tx1 -N 64 "$1" | tr -d ' \n')
	case $header in
	7f454c4602*) header=elf$(printf '%s\n' "$header" | cut -c 37-40) ;;
	*) header=$(printf '%s\n' "$header" | cut -c 113-120) ;;
	esac
	case $header in
	41524d64) echo aarch64 ;;
	elf3e00) echo x86_64 ;;
	*)
		printf '%s: %s is no kernel: neither an arm64 Image nor a vmlinux for x86_64\n' "$0" "$1" >&2
		return 1
		;;
	esac
}

if [ -z "${GUEST-}" ] && [ -n "${KERNEL-}" ]; then
	GUEST=$(guest_of "$KERNEL") || exit 1
fi
choose_guest "${GUEST:-aarch64}" || exit 1
choose_machine "${MACHINE:-${machines%% *}}" || exit 1
