# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for, and from, the tests that source it
#
# Sourced by the tests that talk to a container's PID 1 as its VMM, after common.sh.

# QEMU does not remove its sockets, and their paths are short.
sockets=sockets
mkdir "$sockets"
peer='' conversation=''
clean_up() {
	for process in $peer $conversation; do
		kill "$process" 2>/dev/null
	done
}

# The other end for the next boot: the arguments of converse.
talk() {
	rm -f "$sockets"/*
	"$boot_room/converse" "$@" >"$scratch/conversation" 2>&1 &
	conversation=$!
}
# Runs a command that boots, until the VM and the conversation have ended.
talk_boot() {
	"$@"
	wait "$conversation"
	conversation=''
}
# $1: name of the test; the rest: steps that must all have been taken
went() {
	test_name=$1
	shift
	for step; do
		grep -qxF -e "$step" "$scratch/conversation" || {
			fail "$test_name" "$scratch/conversation"
			tap_comment "$console"
			return
		}
	done
	pass "$test_name"
}
control=control=$sockets/control in=in=$sockets/in out=out=$sockets/out err=err=$sockets/err
# Lists of options.
control_port="--port $control --append init_oci.control=port:control"
in_port="--port $in --append init_oci.stdin=port:in"
out_port="--port $out --append init_oci.stdout=port:out"
err_port="--port $err --append init_oci.stderr=port:err"
