# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # from the tests that source it
#
# Sourced by the tests in which hold.c tries to keep a machine from its end, after
# talk.sh.

"$top_srcdir/tests/build-guest-program" "$scratch/hold" "$boot_room/hold.c" "$boot_room/hold_files.c" \
	>"$scratch/log" 2>&1 || bail_out 'hold.c cannot be built' "$scratch/log"
mkdir -p "$scratch/hold-layer/test"
mv "$scratch/hold" "$scratch/hold-layer/test/hold"
chmod 755 "$scratch/hold-layer" "$scratch/hold-layer/test" "$scratch/hold-layer/test/hold"
make_ext4 "$scratch/hold.ext4" "$scratch/hold-layer" 4M

# How long a stop gives the container.
hold_seconds=1

# Boots a container that tries them, as root with all capabilities, or as a user without
# any. The machine has two processors, and a disk for the container to use.
# $1: root or nobody; $2: stop, by which the VMM ends it, or end, by itself; the rest: ways
hold_boot() {
	hold_user=$1 hold_end=$2
	shift 2
	hold_ways=$* hold_last=
	hold_arguments='"hold"'
	[ "$hold_end" = stop ] || hold_arguments="$hold_arguments, \"--end\""
	for hold_last; do
		hold_arguments="$hold_arguments, \"$hold_last\""
	done
	hold_rights=''
	[ "$hold_user" = root ] ||
		hold_rights='"user": { "uid": 1000, "gid": 1000 }, "capabilities": { }'
	configure hold "$hold_arguments" "$hold_rights"
	rm -f "$scratch/hold.disk"
	truncate -s 4M "$scratch/hold.disk"
	mke2fs -q -t ext4 "$scratch/hold.disk" >"$scratch/log" 2>&1 || bail_out 'mke2fs failed' "$scratch/log"
	if [ "$hold_end" = stop ]; then
		talk "$control" "$out" 'control expects started' "out awaits $hold_last holds" \
			"control says stop $hold_seconds" 'control awaits exit 137' 'control ends'
	else
		talk "$control" "$out" 'control expects started' "out awaits $hold_last holds" \
			'out drains' 'control awaits exit 7' 'control ends'
	fi
	# shellcheck disable=SC2086 # lists of options
	talk_boot boot_bare hold --layer "$scratch/base.erofs" --layer "$scratch/hold.ext4" \
		--disk "$scratch/hold.disk" --memory 192 --processors 2 $control_port $out_port
}

# Whether each of the ways was begun, and the machine ended, as it should.
hold_ends() {
	hold_status=7
	[ "$hold_end" = end ] || hold_status=137
	cp "$scratch/conversation" "$scratch/hold.log"
	cat "$console" >>"$scratch/hold.log"
	for way in $hold_ways; do
		hold_name="$way as $hold_user, $hold_end: the machine ends"
		if ! grep -qx -e "out: $way holds" -e "out awaits $way holds" "$scratch/conversation"; then
			fail "$hold_name" "$scratch/hold.log"
			echo "# the container could not try it"
		elif [ "$status" -ne "$hold_status" ] || ! grep -qx 'control ends' "$scratch/conversation"; then
			fail "$hold_name" "$scratch/hold.log"
			echo "# exit status $status, expected $hold_status"
		else
			pass "$hold_name"
		fi
	done
}

# The same for what takes PID 1, too: only that the machine ends, with or without a status.
hold_ends_somehow() {
	# It takes a while to fill the memory.
	hold_seconds=60
	hold_boot "$@"
	hold_seconds=1
	hold_name="$hold_ways as $hold_user: the machine ends"
	if grep -q '^run-container: the VM did not end' "$console"; then
		fail "$hold_name" "$console"
	else
		pass "$hold_name"
	fi
}
