# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by tests that replace the kernel.

# small_kernel GUEST: the smallest file that build-aux/check-asset takes for a kernel.
small_kernel() {
	case $1 in
	aarch64)
		dd if=/dev/zero bs=16 count=1 2>/dev/null
		printf '\000\000\020\000' # its size in memory, 1 MiB
		dd if=/dev/zero bs=36 count=1 2>/dev/null
		printf 'ARM\144%08d' 0
		;;
	x86_64)
		printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000'
		# A program for x86_64; its entry, 16 MiB, and two segments after the header.
		printf '\002\000\076\000\001\000\000\000\000\000\000\001\000\000\000\000'
		printf '\100\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
		printf '\000\000\000\000\100\000\070\000\002\000\000\000\000\000\000\000'
		# All of the file, 196 bytes, at 16 MiB, to be executed.
		printf '\001\000\000\000\005\000\000\000\000\000\000\000\000\000\000\000'
		printf '\000\000\000\201\377\377\377\377\000\000\000\001\000\000\000\000'
		printf '\304\000\000\000\000\000\000\000\304\000\000\000\000\000\000\000'
		printf '\000\020\000\000\000\000\000\000'
		# The note at its end: the entry by PVH.
		printf '\004\000\000\000\004\000\000\000\260\000\000\000\000\000\000\000'
		printf '\260\000\000\201\377\377\377\377\260\000\000\001\000\000\000\000'
		printf '\024\000\000\000\000\000\000\000\024\000\000\000\000\000\000\000'
		printf '\004\000\000\000\000\000\000\000'
		printf '\004\000\000\000\004\000\000\000\022\000\000\000Xen\000\000\000\000\001'
		;;
	esac
}
