# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the tests of extraction, after tests/tap.sh.

# shellcheck disable=SC2154 # the environment that tests/Makemodule.am sets
programs=$top_builddir/tests/extraction
# shellcheck disable=SC2154
library=$top_builddir/.libs/libsupermachine-kernel-$VERSION.so

# Libtool cuts the run path of what it links at a space.
case $top_builddir in
*[[:space:]]*)
	LD_LIBRARY_PATH=$top_builddir/.libs
	export LD_LIBRARY_PATH
	;;
esac

# Administrators' commands are not in every user's PATH.
PATH=$PATH:/usr/sbin:/sbin
export PATH

# No other process sees what a test mounts, and it goes when the test ends.
# shellcheck disable=SC2154
mount_point=$scratch/mount
clean_up() {
	umount -R "$mount_point" 2>/dev/null
}

# in_mount_namespace SCRIPT: start it again in a mount namespace of its own, or say in
# $why_not why that cannot be.
in_mount_namespace() {
	[ -z "${IN_MOUNT_NAMESPACE:-}" ] && ! why_not=$(no_mounts) || return
	rmdir "$scratch"
	IN_MOUNT_NAMESPACE=yes exec unshare --mount --propagation private "${SHELL:-/bin/sh}" "$1"
}

# mount_new KIND MEBIBYTES: mount a new file system at $mount_point, or say in
# $why_not why that cannot be.
mount_new() {
	image=$scratch/image
	mkdir -p "$mount_point"
	if [ -z "${IN_MOUNT_NAMESPACE:-}" ]; then
		why_not=$(no_mounts)
		return 1
	fi
	if [ "$1" = tmpfs ]; then
		set -- mount -t tmpfs -o "size=$2m" tmpfs "$mount_point"
	elif ! command -v "mkfs.$1" >/dev/null; then
		why_not="mkfs.$1 is not installed: apt install $(package_of "$1")"
		return 1
	else
		rm -f "$image"
		truncate -s "$2M" "$image"
		# Without blocks in reserve for root.
		reserve=''
		[ "$1" != ext4 ] || reserve='-m 0'
		# shellcheck disable=SC2086 # none or two words
		"mkfs.$1" -q $reserve "$image" >"$scratch/mount.log" 2>&1 || :
		set -- mount -t "$1" -o loop "$image" "$mount_point"
	fi
	"$@" >>"$scratch/mount.log" 2>&1 && return
	# shellcheck disable=SC2034 # the tests print it
	why_not="it cannot be mounted here: $(tail -n 1 "$scratch/mount.log")"
	return 1
}

package_of() {
	case $1 in
	ext4) echo e2fsprogs ;;
	xfs) echo xfsprogs ;;
	btrfs) echo btrfs-progs ;;
	esac
}

# install_below DIRECTORY: the library and the programs that use it. A program
# that is there finds the library there.
install_below() {
	for file in "$programs"/extract-to "$programs"/extract-against "$programs"/extract-at-once \
		"$library"; do
		[ ! -e "$file" ] || cp "$file" "$1/" || return
	done
	sync -f "$1"
}

# run_below DIRECTORY PROGRAM [ARGUMENT]...
run_below() {
	below=$1 run=$1/$2
	shift 2
	LD_LIBRARY_PATH=$below "$run" "$@"
}

# The asset as a dependent has it, and what a file had before.
# shellcheck disable=SC2154
is_asset() {
	cmp "$top_builddir/src/$1" "$2"
}

is_old() {
	[ "$(cat "$1")" = old ]
}

temporaries() {
	find "$1" -name '.supermachine-*' | wc -l
}
