# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced after tests/tap.sh or tests/guest.sh: libkrunfw for the guest of the test,
# whichever the build under test has.

: "${top_srcdir:?}" "${top_builddir:?}" "${CC:?}" "${MAKE:?}"

# build_libkrunfw GUEST [ARGUMENT]...: in $scratch/build
# shellcheck disable=SC2154 # tests/tap.sh sets scratch
build_libkrunfw() {
	krunfw_guest=$1
	shift
	if [ ! -d "$scratch/source" ]; then
		(cd "$top_builddir" && $MAKE -s distdir distdir="$scratch/source") || return
	fi
	rm -rf "$scratch/build"
	mkdir "$scratch/build" && (
		cd "$scratch/build" &&
			env -u SUPERMACHINE_KERNEL_PATH -u SUPERMACHINE_INIT_OCI_PATH -u MAKEFLAGS \
				"$scratch/source/configure" -q --enable-libkrunfw CC="$CC" "--with-guest=$krunfw_guest" "$@" &&
			$MAKE -s libkrunfw.la
	)
}
# shellcheck disable=SC2034 # for who sources this
libkrunfw=$scratch/build/.libs/libkrunfw.so.5

build_taker() {
	# shellcheck disable=SC2086 # words
	$CC $CFLAGS ${LDFLAGS-} -std=c11 -D_GNU_SOURCE -Wall -Wextra -o "$scratch/kernel" \
		"$top_srcdir/tests/krun/kernel.c" -ldl
}

# compile_libkrunfw KERNEL: the library alone, which takes a second
compile_libkrunfw() {
	# shellcheck disable=SC2034 # the same
	libkrunfw=$scratch/libkrunfw.so.5
	mkdir -p "$scratch/src" &&
		sh "$top_srcdir/build-aux/flatten-kernel" "$1" "$scratch/src/libkrunfw-kernel" "$scratch/src/libkrunfw-kernel.h" || return
	# shellcheck disable=SC2086 # words
	(cd "$scratch" && $CC -std=c11 -O2 -fPIC -shared -Isrc "-I$top_builddir" -o libkrunfw.so.5 \
		"-Wl,--version-script=$top_srcdir/src/libkrunfw.map" "$top_srcdir/src/libkrunfw.c")
}
