# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the test scripts: the Test Anything Protocol, and a scratch
# directory that is removed when the script ends, unless KEEP_SCRATCH is set. A
# script makes its claims with check (a command decides), pass and fail (the script
# has decided), and ends with done_testing. One that cannot run at all says so with
# need or skip_all.

tap_number=0

# shellcheck disable=SC2154 # the environment that tests/Makemodule.am sets
: "${top_srcdir:?run by make check}" "${top_builddir:?run by make check}"

# Libtool installs to no directory with a space, and linkers take no list of such.
case $top_builddir in
*[[:space:]]*) scratch=$(mktemp -d) ;;
*) scratch=$(mktemp -d "$top_builddir/tests-scratch.XXXXXX") ;;
esac
trap 'clean_up; remove_scratch' EXIT
trap 'exit 1' HUP INT TERM

# What a script has started or made elsewhere is its own to end and to remove.
clean_up() {
	:
}

remove_scratch() {
	if [ -n "${KEEP_SCRATCH-}" ]; then
		echo "# kept: $scratch"
	else
		chmod -R u+w "$scratch"
		rm -rf "$scratch"
	fi
}

# tap_comment FILE: show it as comments of the protocol.
tap_comment() {
	sed 's/^/# /' "$1"
}

# pass DESCRIPTION
pass() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1"
}

# fail DESCRIPTION [FILE]: FILE shows why.
fail() {
	tap_number=$((tap_number + 1))
	echo "not ok $tap_number - $1"
	[ $# -lt 2 ] || tap_comment "$2"
}

# check DESCRIPTION COMMAND [ARGUMENT]...: pass if the command succeeds, else show
# what it said.
check() {
	tap_description=$1
	shift
	if "$@" >"$scratch/tap.log" 2>&1; then
		pass "$tap_description"
	else
		fail "$tap_description" "$scratch/tap.log"
	fi
}

# skip DESCRIPTION REASON
skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# skip_all REASON [FILE]: end here; nothing was tested.
skip_all() {
	[ $# -lt 2 ] || tap_comment "$2"
	echo "1..0 # SKIP $1"
	exit 0
}

# need PROGRAM PACKAGE: skip all without the program, which is in Debian's PACKAGE.
need() {
	command -v "$1" >/dev/null || skip_all "$1 is not installed: apt install $2"
}

# no_mounts: print why this process cannot mount file systems in a namespace of its own;
# fail if it can.
no_mounts() {
	if ! command -v mount >/dev/null; then
		echo 'mount is not installed: apt install mount'
	elif ! command -v unshare >/dev/null; then
		echo 'unshare is not installed: apt install util-linux'
	elif [ "$(id -u)" -ne 0 ]; then
		echo 'only root can mount file systems'
	elif tap_said=$(unshare --mount true 2>&1); then
		return 1
	else
		echo "file systems cannot be mounted here: $tap_said"
	fi
}

# bail_out REASON [FILE]: end here as failed; FILE shows why.
bail_out() {
	[ $# -lt 2 ] || tap_comment "$2"
	echo "Bail out! $1"
	exit 1
}

done_testing() {
	echo "1..$tap_number"
}

# not COMMAND...: succeed if the command fails.
not() {
	! "$@"
}
