# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the tests that boot containers, after tests/guest.sh.

# shellcheck disable=SC2154 # the environment that tests/Makemodule.am sets
boot_room=$top_srcdir/tests/boot
need mksquashfs squashfs-tools
need mkfs.erofs erofs-utils
need mke2fs e2fsprogs
need_deb busybox-static

# The layers: erofs and squashfs of the demonstration, and the test's own on an ext4.
"$boot_room/make-layers" "$scratch" >"$scratch/log" 2>&1 || bail_out 'make-layers failed' "$scratch/log"
mkdir -p "$scratch/test/test" "$scratch/empty"
chmod 755 "$scratch/test" "$scratch/test/test"
cp "$boot_room/entrypoint" "$scratch/test/test/entrypoint"
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
	mke2fs -q -t ext4 -m 0 -E root_owner=0:0 -d "$2" "$1" "$3" >"$scratch/log" 2>&1 ||
		bail_out 'mke2fs failed' "$scratch/log"
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
	"$boot_room/run-container" --kernel "$KERNEL" --init "$INIT_OCI" --timeout "$PATIENCE" "$@" \
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
			fail "$test_name" "$console"
			echo "# missing: $line"
			return
		}
	done
	pass "$test_name"
}
# $1: name of the test, $2: a line that must not be there
console_has_not() {
	if grep -qF -e "$2" "$console"; then
		fail "$1" "$console"
		echo "# should not be there: $2"
	else
		pass "$1"
	fi
}
# $1: name of the test, $2: exit status
ends_with() {
	if [ "$status" -eq "$2" ]; then
		pass "$1"
	else
		fail "$1" "$console"
		echo "# exit status $status, expected $2"
	fi
}
# $1: name of the test, $2: an image with an ext4
clean() {
	if e2fsck -fn "$2" >"$scratch/log" 2>&1 &&
		! dumpe2fs -h "$2" 2>/dev/null | grep -q needs_recovery; then
		pass "$1"
	else
		fail "$1" "$scratch/log"
	fi
}
# A set-up that fails. $1: what is wrong, $2: the line that says so. Both it and
# the status count, and that the VM ended by itself.
fails_with() {
	if [ "$status" -ne 125 ]; then
		fail "$1" "$console"
		echo "# exit status $status, expected 125"
	else
		console_has "$1" "$2" 'init-oci: exit status 125'
	fi
}

# The end of a test: no boot of it may have shown a fault of the kernel.
finish() {
	console=$scratch/traces
	# An argument of the kernel is called panic, too.
	if grep -v 'ommand line: ' "$scratch/all" |
		grep -i 'panic\|call trace\|oops\|bug:\|unable to handle' >"$console"; then
		fail 'no boot ended in a panic or a trace' "$console"
	else
		pass 'no boot ended in a panic or a trace'
	fi
	done_testing
}
