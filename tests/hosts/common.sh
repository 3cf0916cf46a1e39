# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the tests of hosts, after tests/tap.sh: builds of a release, each in
# a directory of its own below $scratch.

: "${top_srcdir:?run by make check-hosts}" "${top_builddir:?run by make check-hosts}"
: "${MAKE:?}" "${BUILD_DIR:?}"

# What make check-hosts has made: the files of a release.
release=$top_builddir/tests/hosts/release
[ -f "$release/configure" ] ||
	skip_all "there is no $release: run make check-hosts"

# The configuration of the build that runs this test must not affect the builds
# here.
unset CC CFLAGS CPPFLAGS LDFLAGS READELF SHA256 MAKEFLAGS MAKELEVEL MFLAGS \
	SUPERMACHINE_KERNEL_PATH SUPERMACHINE_INIT_OCI_PATH

# have PROGRAM...: whether all are there.
have() {
	for have_program; do
		command -v "$have_program" >/dev/null || return 1
	done
}

# configure NAME ARGUMENT...: in a new directory $scratch/NAME. SOURCE is another
# tree than the release.
# shellcheck disable=SC2154 # tests/tap.sh sets scratch
configure() {
	rm -rf "${scratch:?}/$1"
	mkdir "$scratch/$1" && (
		cd "$scratch/$1" && shift && "${SOURCE:-$release}/configure" -q "$@"
	)
}

# builds NAME [TARGET]... [VARIABLE=VALUE]...: without a warning. Not all and a
# target at once: all is a make of its own in a project of Automake.
builds() {
	(
		cd "$scratch/$1" && shift && $MAKE -s -j2 "$@" >make.log 2>&1
		status=$?
		cat make.log
		[ "$status" -eq 0 ] && ! grep -i 'warning' make.log
	)
}

# check_with PROGRAM TEST...: make check of these tests, and PROGRAM built for them:
# nothing of what the tests of other rooms need.
check_with() {
	check_program=$1
	shift
	$MAKE -s check TESTS="$*" check_DATA= check_LIBRARIES= check_PROGRAMS="$check_program"
}

# passes NAME TEST...: run these of its tests, of which none may fail or be
# skipped but what a build without one kind of library skips.
passes() {
	(
		cd "$scratch/$1" && shift && check_with tests/unit/test-library "$@" >check.log 2>&1
		status=$?
		grep -E '^(FAIL|ERROR|SKIP)' check.log
		[ "$status" -eq 0 ] || tail -n 30 check.log
		[ "$status" -eq 0 ] && ! grep '^SKIP' check.log | grep -v -e --disable-shared -e --disable-static
	)
}

# host NAME ARGUMENT...: configure with ARGUMENTs and build the library, and test it
# alone and installed; the test of the installed one looks at the objects, too.
host() {
	check "$1: configure" configure "$@"
	check "$1: builds without a warning" builds "$1"
	check "$1: unit tests, and the installed package" passes "$1" \
		tests/unit/test-library tests/install/installed.test
}

# done_with NAME: remove a tested build, which takes some 50 MiB.
done_with() {
	rm -rf "${scratch:?}/$1"
}

# library_for MACHINE SOURCE-PACKAGE FILE COMMAND...: build Debian's SOURCE-PACKAGE
# with COMMAND, which runs where the source is and installs to its last argument,
# once; print where it is installed. FILE is the last file that it installs.
library_for() {
	library_prefix=$BUILD_DIR/hosts/$1/$2
	library_source=$BUILD_DIR/hosts/source/$2
	if [ ! -e "$library_prefix/$3" ]; then
		"$release/guest/fetch-deb" --source "$2" "$library_source" || return
		rm -rf "$library_prefix.build"
		mkdir -p "$library_prefix.build"
		library_machine=$1
		shift 3
		(cd "$library_prefix.build" && "$@" "$library_machine" "$library_source" "$library_prefix") || return
		rm -rf "$library_prefix.build"
	fi
}

# Check, for a machine whose compiler is CC_FOR_HOST.
build_check() {
	"$2/configure" -q --host="$1" --prefix="$3" --disable-shared --disable-subunit \
		--disable-build-docs CC="$CC_FOR_HOST" CFLAGS=-O1 &&
		$MAKE -s -j2 -C lib && $MAKE -s -j2 -C src install && cp check_stdint.h "$3/include"
}

# check_for MACHINE: sets check_flags, words for configure.
check_for() {
	library_for "$1" check include/check_stdint.h build_check || return
	# shellcheck disable=SC2034 # for who sources this
	check_flags="CHECK_CFLAGS=-I$library_prefix/include CHECK_LIBS=-Wl,$library_prefix/lib/libcheck.a,-lm"
}

build_xz() {
	"$2/configure" -q --host="$1" --prefix="$3" --disable-shared --disable-encoders --disable-doc \
		--disable-nls --disable-scripts --disable-xz --disable-xzdec --disable-lzmadec \
		--disable-lzmainfo CC="$CC_FOR_HOST" CFLAGS='-O1 -fPIC' &&
		$MAKE -s -j2 -C src/liblzma install
}

# lzma_for MACHINE: sets lzma_flags, for configure. libtool would warn of a static
# library in a shared one, which here is wanted.
lzma_for() {
	library_for "$1" xz-utils lib/pkgconfig/liblzma.pc build_xz || return
	# shellcheck disable=SC2034 # for who sources this
	lzma_flags="LZMA_CFLAGS=-I$library_prefix/include LZMA_LIBS=-Wl,$library_prefix/lib/liblzma.a"
}
