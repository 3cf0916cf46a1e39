# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by the test scripts: the Test Anything Protocol, and a scratch
# directory that goes when the script ends. A script makes its claims with ok,
# and ends with done_testing.

tap_number=0

# shellcheck disable=SC2154 # the environment that tests/Makemodule.am sets
: "${top_srcdir:?run by make check}" "${top_builddir:?run by make check}"

scratch=$(mktemp -d "$top_builddir/tests-scratch.XXXXXX")
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# ok DESCRIPTION COMMAND [ARGUMENT]...: pass if the command succeeds, else show
# what it said.
ok() {
	tap_description=$1
	shift
	tap_number=$((tap_number + 1))
	if "$@" >"$scratch/tap.log" 2>&1; then
		echo "ok $tap_number - $tap_description"
	else
		echo "not ok $tap_number - $tap_description"
		sed 's/^/# /' "$scratch/tap.log"
	fi
}

# skip DESCRIPTION REASON
skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tap_number"
}

# not COMMAND...: succeed if the command fails.
not() {
	! "$@"
}
