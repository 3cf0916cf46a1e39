# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by tests: what a linker has made of an asset, for any machine, as readelf
# tells it.

: "${READELF:=readelf}"

symbol_of() {
	echo "supermachine_$(echo "$1" | tr - _)_payload"
}

# segment_of FILE ADDRESS: sets offset, that of the address in the file, flags and
# segment_alignment.
segment_of() {
	segments=$($READELF -lW "$1" | sed -n 's/^ *LOAD *//p')
	while read -r start first _ in_file _ rest; do
		if [ $(($2)) -ge $((first)) ] && [ $(($2)) -lt $((first + in_file)) ]; then
			offset=$(($2 - first + start)) flags=${rest% *} segment_alignment=$((${rest##* }))
			return
		fi
	done <<-END
		$segments
	END
	return 1
}

# asks_for_executable_stack FILE
asks_for_executable_stack() {
	stack=$($READELF -lW "$1" | grep 'GNU_STACK') || return 0
	echo "$stack"
	case $stack in
	*' RWE '*) ;;
	*) return 1 ;;
	esac
}

# linked_is_sound FILE SYMBOL ASSET ALIGNMENT: in this library or program, the asset is
# as a loader can map it to a multiple of ALIGNMENT, and a file system share it:
# read-only, with zeros up to the next multiple, and no executable stack.
# shellcheck disable=SC2154 # tests/tap.sh sets scratch
linked_is_sound() {
	ls -l "$1" "$3" || return
	length=$(($(wc -c <"$3")))
	$READELF -sW "$1" | awk -v symbol="$2" '$8 == symbol { print $2, $3, $4 }' >"$scratch/symbol"
	cat "$scratch/symbol"
	read -r address size type <"$scratch/symbol" || return
	segment_of "$1" "0x$address" || return
	echo "offset $offset, flags $flags, segment aligned to $segment_alignment"
	case $flags in
	*W*) return 1 ;;
	esac
	[ "$type" = OBJECT ] && [ $((size)) -eq "$length" ] &&
		[ $((0x$address % $4)) -eq 0 ] && [ $((offset % $4)) -eq 0 ] &&
		[ "$segment_alignment" -ge "$4" ] &&
		tail -c +$((offset + 1)) "$1" | head -c "$length" | cmp - "$3" &&
		tail -c +$((offset + length + 1)) "$1" | cmp -n $((($4 - length % $4) % $4)) - /dev/zero &&
		! asks_for_executable_stack "$1"
}
