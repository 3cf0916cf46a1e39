# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the tests of the installed package, after tests/tap.sh: the package
# installed in a stage, and how a dependent finds it there.

: "${top_srcdir:?run by make check}" "${top_builddir:?run by make check}"
: "${CC:?}" "${CFLAGS?}" "${MAKE:?}" "${ASSETS:?}" "${VERSION:?}"

# shellcheck disable=SC2154 # tests/tap.sh sets it
stage=$scratch/stage
library=libsupermachine-kernel

(cd "$top_builddir" && $MAKE install DESTDIR="$stage") >"$scratch/install.log" 2>&1
installed=$?
check 'make install DESTDIR= succeeds' test "$installed" -eq 0
[ "$installed" -eq 0 ] || {
	sed 's/^/# /' "$scratch/install.log"
	done_testing
	exit
}

# Where things went follows from the prefix, which is the builder's choice.
pc=$(find "$stage" -name supermachine-kernel.pc)
pcdir=$(dirname "$pc") libdir=$(dirname "$(dirname "$pc")")
# The tests that source this use them.
# shellcheck disable=SC2034
header=$(find "$stage" -name supermachine-kernel.h)
# shellcheck disable=SC2034
shared=$libdir/$library-$VERSION.so

# pkg_config ARGUMENT...: as a dependent runs it, on the staged files.
pkg_config() {
	PKG_CONFIG_PATH=$pcdir PKG_CONFIG_SYSROOT_DIR=$stage \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		pkg-config "$@"
}

# bundled ASSET: the bytes that a dependent must get, decoded independently of
# the library. With an override, they are those of the override.
bundled() {
	if [ -e "$top_builddir/src/$1.override" ]; then
		cat "$top_builddir/src/$1.override"
	elif command -v xz >/dev/null; then
		xz -dc "$top_srcdir/assets/$GUEST/$1.xz"
	else
		cat "$top_builddir/src/$1"
	fi
}

# The writable segments of the library or a program. A process gets its own copy of
# them, page by page, so the smallest payload must not fit into them: 64 KiB.
no_payload_in_writable_segment() {
	$READELF -lW "$1" | awk '
		$1 == "LOAD" && $7 ~ /W/ {
			seen = 1
			size = $6
			sub(/^0x0*/, "", size)
			print
			if (length(size) > 4)
				large = 1
		}
		END { exit !(seen && !large) }'
}

no_text_relocation() {
	! $READELF -d "$1" | grep TEXTREL
}
