# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the tests that boot a guest, in place of tests/tap.sh: what each of
# them needs, and how long it waits. They run in their scratch directory, because
# the path of a UNIX socket may not be long, and that of the tree may.
#
# Environment, of which make check sets what is not set:
#   KERNEL     the kernel, in the file that a VMM takes [that of the library]
#   GUEST      the architecture that it is for [what its header says]
#   MACHINE    the machine of QEMU that it runs on, of those in tests/machines.sh
#              [the first of them]
#   ACCELERATOR  kvm, for a host that runs the guest with it; a test that needs
#              emulation does not ask [tcg]
#   INIT_OCI   init-oci [that of the library]
#   PEER       the back end of a vsock device [tests/tsi/tsi-peer]
#   BUILD_DIR  where Debian's packages are kept [tests/work of the build directory]
#   PATIENCE   for how many seconds a guest may run, and for how many anybody waits
#              for it. A test is not faster for less of it, since it waits for
#              what happens and not for a time to pass; a busy machine needs more
#              [300]
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
PATIENCE=${PATIENCE:-300}
ACCELERATOR=${ACCELERATOR:-tcg}
export LC_ALL PATH PATIENCE ACCELERATOR
: "${top_srcdir:?run by make check}" "${top_builddir:?}" "${KERNEL:?}" "${INIT_OCI:?}" "${BUILD_DIR:?}"
# shellcheck source=tests/tap.sh
. "$top_srcdir/tests/tap.sh"

mkdir -p "$BUILD_DIR"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)
export BUILD_DIR

for file in "$KERNEL" "$INIT_OCI"; do
	[ -f "$file" ] || bail_out "there is no $file, which is to run in the guest"
done
KERNEL=$(realpath "$KERNEL") INIT_OCI=$(realpath "$INIT_OCI")
PEER=${PEER:-$top_builddir/tests/tsi/tsi-peer}
machines='' qemu='' qemu_package='' processor='' console='' debian_architecture='' triplet='' compiler_package=''
machine='' bus='' acpi=''
# shellcheck source=tests/machines.sh
. "$top_srcdir/tests/machines.sh"
export GUEST MACHINE
need "$qemu" "$qemu_package"
need cpio cpio
# shellcheck disable=SC2034 # for who starts QEMU without KVM
emulation=$(acceleration tcg)
debian=$BUILD_DIR/debian/$debian_architecture

# need_deb PACKAGE[=VERSION]: skip all without what Debian has for the guest; it is
# unpacked in $debian/PACKAGE.
need_deb() {
	"$top_srcdir/guest/fetch-deb" --architecture="$debian_architecture" "$1" "$debian/${1%%=*}" \
		>"$scratch/fetch.log" 2>&1 ||
		skip_all "Debian's $1 cannot be fetched" "$scratch/fetch.log"
}

# need_compiler: skip all without one that makes programs for the guest.
need_compiler() {
	need "$triplet-gcc" "$compiler_package"
}

# need_tsi_guest: skip all without what builds the guests of tests/tsi, or with a
# kernel that knows no TSI.
need_tsi_guest() {
	need_compiler
	grep -q tsi_hijack "$KERNEL" || skip_all "the kernel $KERNEL has no CONFIG_TSI"
	MUSL_VERSION=''
	# shellcheck source=guest/init-oci/pins
	. "$top_srcdir/guest/init-oci/pins"
	need_deb "musl-dev=$MUSL_VERSION"
	need_deb linux-libc-dev
}

# in_own_network [ARGUMENT]...: run the script again in a network of its own, with
# these arguments, and end as it does. Its ports are free, whoever else uses them.
# Where there can be no such network, go on in that of the machine, one script at a
# time.
in_own_network() {
	[ -z "${IN_OWN_NETWORK-}" ] || return 0
	for mapped in '' --map-root-user; do
		# shellcheck disable=SC2086 # none or one
		unshare --net $mapped ip link set lo up 2>/dev/null || continue
		# shellcheck disable=SC2086,SC2016 # the same; for the inner shell
		IN_OWN_NETWORK=yes unshare --net $mapped \
			sh -c 'ip link set lo up && exec sh "$@"' sh "$script" "$@"
		exit
	done
	exec 9>"$top_builddir/tests/ports.lock"
	flock 9
}

# wait_for COMMAND...: try it until it succeeds.
wait_for() {
	wait_until=$(($(date +%s) + PATIENCE))
	until "$@"; do
		[ "$(date +%s)" -lt "$wait_until" ] || return 1
		sleep 0.1
	done
}

script=$(realpath "$0")
cd "$scratch" || exit 1
