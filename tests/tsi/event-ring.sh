# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Sourced by tests that have the peer forget all with --reset-by, for which it has to
# know where the guest's event ring is. QEMU keeps this ring to itself, and sends an
# event only at the end of a migration, which its vhost-user-vsock refuses. But the
# peer has the guest's memory, too, and QEMU's monitor says where the ring is.

# shellcheck disable=SC2034 # for those who source it
monitor_options='-chardev pipe,id=monitor,path=monitor -mon chardev=monitor,mode=control'

# make_monitor: make the FIFOs of these options, before QEMU starts.
make_monitor() {
	rm -f monitor.in monitor.out
	mkfifo monitor.in monitor.out
}

# open_monitor: begin to speak with it, in the process that is going to ask.
open_monitor() {
	exec 3<monitor.out
	echo '{"execute": "qmp_capabilities"}' >monitor.in
}

# event_ring: print SIZE DESCRIPTORS AVAILABLE USED of the device "vsock".
event_ring() {
	echo '{"execute": "x-query-virtio-queue-status",
		"arguments": {"path": "/machine/peripheral/vsock", "queue": 2}}' >monitor.in
	ring=
	while read -r line <&3; do
		for name in vring-num vring-desc vring-avail vring-used; do
			value=$(expr "$line" : ".*\"$name\": \([0-9]*\)") && ring="$ring $value"
		done
		[ -z "$ring" ] || break
	done
	echo "${ring# }"
}
