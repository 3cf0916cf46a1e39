# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# For scripts that boot guests which check their own sockets, and then check what these
# said to the host. The numbers of the items are those of CONFORMANCE.md. Sourced after
# tests/guest.sh, with the arguments of the script.
#
# Environment: that of tests/guest.sh, and
#   CYCLES     how often to open and close a connection [2000]
#   MEMORY     of the guest, in MiB [256]
#   KEPT       freed memory that the kernel keeps for some time, in KiB [0]
#   SLOWER     how many times longer than usual the work of a user may take [1]
# shellcheck disable=SC2016 # programs for awk
# shellcheck disable=SC2034 # variables for the scripts
# shellcheck disable=SC2153,SC2154 # those of tests/guest.sh
# shellcheck source=tests/tsi/event-ring.sh
. "$top_srcdir/tests/tsi/event-ring.sh"

# The ports of guest-host are always the same.
in_own_network "$@"
GUEST_HOST=$top_builddir/tests/tsi/guest-host
CYCLES=${CYCLES:-2000}
MEMORY=${MEMORY:-256}
KEPT=${KEPT:-0}
SLOWER=${SLOWER:-1}
CPUS=2
program=guest.cpio words=''

log=$scratch/log
"$top_srcdir/tests/tsi/guest/build" guest.cpio >log 2>&1 ||
	bail_out "the guest's program cannot be built" log

# The guest names a socket by its whole path, in an argument of the kernel.
sockets=$(mktemp -d)
case $sockets in
*[!A-Za-z0-9./_-]*) rm -r "$sockets"; sockets=$(TMPDIR=/tmp mktemp -d) ;;
esac
complaints='WARNING:|BUG:|Oops|Call [Tt]race|INFO: (rcu|task)|Out of memory|oom-killer|Kernel panic'
peer='' host='' restorer='' monitor='' stopper=''
clean_up() {
	for process in $stopper $peer $host $restorer; do
		kill "$process" 2>/dev/null
		# A stopped process gets the signal when it continues.
		kill -CONT "$process" 2>/dev/null
	done
	wait
	rm -rf "$sockets"
}
host_is_ready() {
	grep -q ready host.log || ! kill -0 "$host" 2>/dev/null
}
peer_is_ready() {
	[ -S vsock ] || ! kill -0 "$peer" 2>/dev/null
}

# Stop the peer at "# STOPHOST" on the console, and continue it at "# CONTINUEHOST", or
# when no guest needs that long: one whose kernel hangs cannot write that.
is_commanded() {
	[ "$(grep -c '^# [A-Z]*HOST' guest.console)" -gt "$commands" ]
}
stop_on_command() {
	commands=0
	while sleep 0.1; do
		is_commanded || continue
		commands=$((commands + 1))
		kill -STOP "$peer"
		wait_for is_commanded
		commands=$((commands + 1))
		kill -CONT "$peer"
	done
}

# boot SETS ARGUMENTS [PEER-OPTION]...: run one guest, and make its checks ours.
boot() {
	sets=$1 arguments=$2 title=$1$words
	shift 2
	rm -f vsock "$sockets/unix" "$sockets/unix.datagrams"
	: >host.log
	"$GUEST_HOST" "$sockets/unix" >host.log 2>&1 &
	host=$!
	wait_for host_is_ready
	if ! grep -q ready host.log; then
		fail "$title: the services of the host are there" host.log
		kill "$host" 2>/dev/null
		wait "$host" 2>/dev/null
		return
	fi
	"$PEER" --socket vsock --log "$log" "$@" >peer.log 2>&1 &
	peer=$!
	wait_for peer_is_ready
	: >guest.console
	stop_on_command &
	stopper=$!
	# shellcheck disable=SC2086 # options
	timeout $((3 * PATIENCE * SLOWER + CYCLES / 10)) "$qemu" -M "$machine,memory-backend=mem" \
		-global virtio-mmio.force-legacy=false -accel "$emulation" -cpu "$processor" -smp "$CPUS" -m "$MEMORY" \
		-object memory-backend-memfd,id=mem,size="${MEMORY}M",share=on \
		-nodefaults -no-user-config -display none -serial stdio -no-reboot \
		-kernel "$KERNEL" -initrd "$program" \
		-append "console=$console loglevel=5 panic=-1 tsi_test=$sets tsi_unix=$sockets/unix tsi_slower=$SLOWER $arguments" \
		-chardev socket,id=vsock,path=vsock \
		-device "vhost-user-vsock-$bus,chardev=vsock,id=vsock" $monitor >guest.console 2>&1 ||
		# QEMU may not have got as far as the peer, which would wait for it.
		kill "$peer" 2>/dev/null
	kill "$stopper"
	wait "$stopper" 2>/dev/null
	stopper=''
	kill -CONT "$peer" 2>/dev/null
	wait "$peer"
	peer_status=$?
	kill "$host"
	wait "$host" 2>/dev/null
	peer='' host=''
	tr -d '\r' <guest.console >guest.text
	while read -r line; do
		case $line in
		'ok '*' - '*) pass "$title: ${line#* - }" ;;
		'not ok '*' - '*) fail "$title: ${line#* - }" ;;
		'# '*) echo "$line" ;;
		esac
	done <guest.text
	if grep -q '^1\.\.[0-9]' guest.text; then
		pass "$title: the guest has run all its checks"
	else
		fail "$title: the guest has run all its checks"
		tail -n 30 guest.text | sed 's/^/# /'
	fi
	if grep -qE "$complaints" guest.text; then
		fail "$title: the kernel has nothing to complain about"
		grep -A 20 -E "$complaints" guest.text | head -n 60 | sed 's/^/# /'
	else
		pass "$title: the kernel has nothing to complain about"
	fi
	if [ "$peer_status" -eq 0 ]; then
		pass "$title: the peer ends well"
	else
		fail "$title: the peer ends well" peer.log
	fi
	clean_wire
}

# wire ITEM DESCRIPTION AWK-PROGRAM: look at the log, one packet in each line:
# time, direction, type, operation, source, "->", destination, ...
# The program prints what is wrong. ITEM is 0 for what is no item.
wire() {
	name=$2
	[ "$1" -eq 0 ] || name="item $1: $2"
	awk -v plain="$plain" "$3" "$log" >wrong
	if [ ! -s wrong ]; then
		pass "$name"
	else
		fail "$name"
		head -n 5 wrong | sed 's/^/# /'
	fi
}

# What holds no matter what the host does.
clean_wire() {
	wire 3 "buffers for packets begin with zeros" '
		/ note the header of a buffer for packets is not zero/ ||
		/ note (ring .* stops|a buffer for packets is too small)/'
	wire 8 "packets are as long as they say" '
		/ note a packet has .* bytes of payload, and says/ || / note a packet is dropped:/'
	wire 11 "zeros follow an address" '/ note .* the bytes after the address are not zero/'
}

fields='
function port(address) { sub(/.*:/, "", address); return address }
function value(name,   text) {
	if (!match($0, name "=[^ ]*")) return ""
	text = substr($0, RSTART, RLENGTH); sub(/^[^=]*=/, "", text); return text
}
/guest>host/ { from = port($5); to = port($7) }
'

wire_releases() {
	wire 38 "each proxy is released once" "$fields"'
		/ PROXY_CREATE / { key = value("socket") " 620"; made[key] = $0 }
		/host>guest stream REQUEST/ { made[port($7) " " port($5)] = $0 }
		/guest>host stream RESPONSE/ { accepted[from " " to] = 1 }
		# The listener has gone.
		/guest>host stream RST/ && !((from " " to) in accepted) { delete made[from " " to] }
		/guest>host/ && / PROXY_RELEASE / {
			key = value("socket") " " value("host_port")
			if (!(key in made) || released[key]++) print
		}
		END { for (key in made) if (!(key in released)) print "not released:", made[key] }'
}

# --- The guests -----------------------------------------------------------------

# The port of vsock streams that are not impersonated, see guest/kinds.c
plain=5000
assume=vmw_vsock_virtio_transport.assume_dgram=1
