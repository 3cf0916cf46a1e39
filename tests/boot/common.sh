# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the tests that boot containers have in common. A test sets here= to the
# folder of this file and boot_scratch= to a name for its scratch files, and
# sources it. The environment is described in boot.test.
LC_ALL=C
export LC_ALL

top=$(cd "${here:?}/../.." && pwd)
BUILD_DIR=${BUILD_DIR:-$top/build}
mkdir -p "$BUILD_DIR"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)
export BUILD_DIR
KERNEL=${KERNEL:-$BUILD_DIR/kernel/Image}
INIT_OCI=${INIT_OCI:-$BUILD_DIR/init-oci/init-oci}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
need() {
	command -v "$1" >/dev/null || skip_all "$1 is not installed: apt install $2"
}
PATH=$PATH:/usr/sbin:/sbin
need qemu-system-aarch64 qemu-system-arm
need mksquashfs squashfs-tools
need mkfs.erofs erofs-utils
need mke2fs e2fsprogs
need cpio cpio
[ -f "$KERNEL" ] || skip_all "there is no kernel $KERNEL: run guest/kernel/build, or set KERNEL"
[ -f "$INIT_OCI" ] || skip_all "there is no $INIT_OCI: run guest/init-oci/build, or set INIT_OCI"
"$top/guest/fetch-deb" busybox-static "$BUILD_DIR/debian/busybox-static" >/dev/null 2>&1 ||
	skip_all "Debian's busybox-static cannot be fetched: guest/fetch-deb says why"

scratch=$BUILD_DIR/${boot_scratch:?}
rm -rf "$scratch"
mkdir -p "$scratch"

tests=0
ok() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}
# $1: name; the boot's console shows why.
not_ok() {
	tests=$((tests + 1))
	echo "not ok $tests - $1"
	sed 's/^/# /' "$console"
}

# The layers: erofs and squashfs of the demonstration, and the test's own on an ext4.
"$here/make-layers" "$scratch" >"$scratch/log" 2>&1 || {
	sed 's/^/# /' "$scratch/log"
	echo "Bail out! make-layers failed"
	exit 1
}
mkdir -p "$scratch/test/test" "$scratch/empty"
chmod 755 "$scratch/test" "$scratch/test/test"
cp "$here/entrypoint" "$scratch/test/test/entrypoint"
chmod 755 "$scratch/test/test/entrypoint"
echo 'no program' >"$scratch/test/test/text"
chmod 755 "$scratch/test/test/text"
echo 'not executable' >"$scratch/test/test/plain"
chmod 644 "$scratch/test/test/plain"
printf '#!/bin/absent\n' >"$scratch/test/test/orphan-script"
chmod 755 "$scratch/test/test/orphan-script"
# $1: image, $2: directory, $3: size
make_ext4() {
	rm -f "$1"
	mke2fs -q -t ext4 -m 0 -E root_owner=0:0 -d "$2" "$1" "$3" >"$scratch/log" 2>&1 || {
		sed 's/^/# /' "$scratch/log"
		echo "Bail out! mke2fs failed"
		exit 1
	}
}
# Large enough for a journal.
make_ext4 "$scratch/test.ext4" "$scratch/test" 4M
head -c 65536 /dev/zero >"$scratch/garbage"

# $1: name, $2: args, $3: more of the process, $4: more beside it; all as JSON.
configure() {
	printf '{ "process": { "args": [ %s ], "env": [ "PATH=/test:/bin" ]%s }%s }\n' \
		"$2" "${3:+, $3}" "${4:+, $4}" >"$scratch/$1.json"
}

# Boots with $1.json, if that is there, and the options that follow. Leaves the
# console's file name in $console and the exit status in $status.
boot_bare() {
	console=$scratch/$1.console
	config=$scratch/$1.json
	shift
	[ ! -f "$config" ] || set -- --config "$config" "$@"
	status=0
	"$here/run-container" --kernel "$KERNEL" --init "$INIT_OCI" --timeout 60 "$@" \
		</dev/null >"$console.raw" 2>&1 || status=$?
	tr -d '\r' <"$console.raw" >"$console"
	cat "$console" >>"$scratch/all"
}
# The same with all three layers.
boot() {
	boot_name=$1
	shift
	boot_bare "$boot_name" --layer "$scratch/base.erofs" --layer "$scratch/app.squashfs" \
		--layer "$scratch/test.ext4" "$@"
}

# $1: name of the test; the rest: lines that the console must all have.
console_has() {
	test_name=$1
	shift
	for line; do
		grep -qxF -e "$line" "$console" || {
			not_ok "$test_name"
			echo "# missing: $line"
			return
		}
	done
	ok "$test_name"
}
# $1: name of the test, $2: a line that must not be there
console_has_not() {
	if grep -qF -e "$2" "$console"; then
		not_ok "$1"
		echo "# should not be there: $2"
	else
		ok "$1"
	fi
}
# $1: name of the test, $2: exit status
ends_with() {
	if [ "$status" -eq "$2" ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "# exit status $status, expected $2"
	fi
}
# $1: name of the test, $2: an image with an ext4
clean() {
	if e2fsck -fn "$2" >"$scratch/log" 2>&1 &&
		! dumpe2fs -h "$2" 2>/dev/null | grep -q needs_recovery; then
		ok "$1"
	else
		not_ok "$1"
		sed 's/^/# /' "$scratch/log"
	fi
}
# A set-up that fails. $1: what is wrong, $2: the line that says so. Both it and
# the status count, and that the VM ended by itself.
fails_with() {
	if [ "$status" -ne 125 ]; then
		not_ok "$1"
		echo "# exit status $status, expected 125"
	else
		console_has "$1" "$2" 'init-oci: exit status 125'
	fi
}

# The end of a test: no boot of it may have shown a fault of the kernel.
finish() {
	console=$scratch/traces
	if grep -i 'panic\|call trace\|oops\|bug:\|unable to handle' "$scratch/all" >"$console"; then
		not_ok 'no boot ended in a panic or a trace'
	else
		ok 'no boot ended in a panic or a trace'
	fi
	echo "1..$tests"
}
