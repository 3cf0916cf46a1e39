// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bytes.h"

/* VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, the only event that there is. */
#define EVENT_TRANSPORT_RESET 0u
#define EVENT_SIZE 4u

struct parked_packet {
	TAILQ_ENTRY(parked_packet) entry;
	struct packet_header header;
	bool fill;
	uint8_t payload[];
};

static struct virtqueue *queue(struct device *device, enum ring ring)
{
	return &device->user->rings[ring].queue;
}

/* Takes the next buffer of the ring, if there is one that makes sense. */
static bool take(struct device *device, enum ring ring, struct chain *chain)
{
	const char *problem;
	int result = virtqueue_pop(queue(device, ring), &device->user->memory, chain, &problem);

	if (result < 0)
		log_note(device->log, "ring %u stops: %s", ring, problem);
	return result > 0;
}

/* A buffer without room for a byte of payload is of no use, and given back. */
static bool take_to_guest(struct device *device)
{
	while (!device->to_guest_taken) {
		unsigned int available = virtqueue_available(queue(device, RING_TO_GUEST));

		if (available > device->to_guest_most)
			device->to_guest_most = available;
		if (!take(device, RING_TO_GUEST, &device->to_guest))
			return false;
		if (device->to_guest.writable_size > PACKET_HEADER_SIZE) {
			device->to_guest_taken = true;
		} else {
			log_note(device->log, "a buffer for packets is too small");
			virtqueue_push(queue(device, RING_TO_GUEST), &device->to_guest, 0);
		}
	}
	return true;
}

/*
 * The reference host leaves some fields of a header as it finds them. A guest
 * that does not clear them first works with this host, and not with that one.
 */
static void check_clear_header(struct device *device)
{
	uint8_t bytes[PACKET_HEADER_SIZE], clear[PACKET_HEADER_SIZE] = { 0 };

	if (device->dirty_header_noted || !device->log->file)
		return;
	chain_read_back(&device->to_guest, bytes, sizeof(bytes));
	if (memcmp(bytes, clear, sizeof(bytes))) {
		log_note(device->log, "the header of a buffer for packets is not zero");
		device->dirty_header_noted = true;
	}
}

/* Fills the rest of the guest's buffer; what is there has no meaning. */
static void write_random(const struct chain *chain, size_t offset, size_t end)
{
	uint8_t bytes[256];

	while (offset < end) {
		size_t part = end - offset < sizeof(bytes) ? end - offset : sizeof(bytes);

		if (getrandom(bytes, part, 0) != (ssize_t)part)
			memset(bytes, 0xa5, part);
		offset += chain_write(chain, offset, bytes, part);
	}
}

/* Writes the packet to the buffer that was taken. */
static void transmit(struct device *device, const struct packet_header *packet,
		     const uint8_t *payload, bool fill)
{
	const struct chain *chain = &device->to_guest;
	size_t room = chain->writable_size - PACKET_HEADER_SIZE;
	struct packet_header header = *packet;
	uint8_t bytes[PACKET_HEADER_SIZE];
	size_t size = packet->len;

	check_clear_header(device);
	if (room > PACKET_PAYLOAD_MAX)
		room = PACKET_PAYLOAD_MAX;
	if (size > room) {
		log_note(device->log, "a packet of %zu bytes is cut to %zu", size, room);
		size = room;
	}
	header.len = (uint32_t)(fill ? room : size);
	packet_header_encode(bytes, &header);
	chain_write(chain, 0, bytes, sizeof(bytes));
	chain_write(chain, sizeof(bytes), payload, size);
	if (fill)
		write_random(chain, sizeof(bytes) + size, sizeof(bytes) + room);
	virtqueue_push(queue(device, RING_TO_GUEST), chain, sizeof(bytes) + header.len);
	device->to_guest_taken = false;
	/* The log reads only as much as there is. */
	log_to_guest(device->log, fill ? packet : &header, payload);
	if (fill)
		log_note(device->log, "that one was filled to %u bytes", header.len);
}

static void park(struct device *device, const struct packet_header *header,
		 const uint8_t *payload, bool fill)
{
	struct parked_packet *packet = NULL;

	if (device->parked_count < PARKED_MAX)
		packet = malloc(sizeof(*packet) + header->len);
	if (!packet) {
		log_note(device->log, "the guest has no buffers; %s %s to port %u is lost",
			 packet_type_name(header->type), packet_op_name(header->op),
			 header->dst_port);
		return;
	}
	packet->header = *header;
	packet->fill = fill;
	if (header->len)
		memcpy(packet->payload, payload, header->len);
	TAILQ_INSERT_TAIL(&device->parked, packet, entry);
	device->parked_count++;
}

static void remove_parked(struct device *device, struct parked_packet *packet)
{
	TAILQ_REMOVE(&device->parked, packet, entry);
	device->parked_count--;
	free(packet);
}

static void forget_parked(struct device *device)
{
	struct parked_packet *packet;

	while ((packet = TAILQ_FIRST(&device->parked)))
		remove_parked(device, packet);
}

static void send_parked(struct device *device)
{
	struct parked_packet *packet;

	while ((packet = TAILQ_FIRST(&device->parked)) && take_to_guest(device)) {
		transmit(device, &packet->header, packet->payload, packet->fill);
		remove_parked(device, packet);
	}
}

size_t device_room(void *opaque)
{
	struct device *device = opaque;

	if (!device->user->started || device->parked_count || !take_to_guest(device))
		return 0;
	return device->to_guest.writable_size - PACKET_HEADER_SIZE;
}

void device_send(void *opaque, const struct packet_header *header, const uint8_t *payload,
		 bool fill)
{
	struct device *device = opaque;

	if (device_room(device))
		transmit(device, header, payload, fill);
	else
		park(device, header, payload, fill);
}

/* Returns what is wrong with the packet, or NULL. */
static const char *read_packet(struct device *device, struct packet_header *header)
{
	const struct chain *chain = &device->from_guest;
	uint8_t bytes[PACKET_HEADER_SIZE];
	size_t size;

	if (chain_read(chain, 0, bytes, sizeof(bytes)) < sizeof(bytes))
		return "it has no header";
	packet_header_decode(header, bytes);
	size = chain->readable_size - sizeof(bytes);
	if (header->len > size)
		return "it has less payload than it says";
	if (header->len > PACKET_PAYLOAD_MAX)
		return "it is too large";
	if (header->len < size)
		log_note(device->log, "a packet has %zu bytes of payload, and says %u", size,
			 header->len);
	chain_read(chain, sizeof(bytes), device->payload, header->len);
	return NULL;
}

static void receive_packets(struct device *device)
{
	unsigned int limit = queue(device, RING_FROM_GUEST)->size;
	struct packet_header header;
	const char *problem;

	while (device->parked_count < PARKED_ENOUGH && limit--) {
		if (!take(device, RING_FROM_GUEST, &device->from_guest))
			return;
		problem = read_packet(device, &header);
		/* Given back first: what it causes can take long. */
		virtqueue_push(queue(device, RING_FROM_GUEST), &device->from_guest, 0);
		if (problem)
			log_note(device->log, "a packet is dropped: %s", problem);
		else
			peer_receive(device->peer, &header, device->payload);
	}
	/* Others have their turn, or the guest must give buffers first. */
	if (device->parked_count < PARKED_ENOUGH)
		vhost_user_kick(device->user, RING_FROM_GUEST);
}

static void device_started(struct vhost_user_device *callbacks)
{
	struct device *device = (struct device *)callbacks;

	forget_parked(device);
	device->to_guest_taken = false;
	device->to_guest_most = 0;
	log_note(device->log, "the driver accepts features %#llx",
		 (unsigned long long)device->user->features);
	peer_start(device->peer);
	vhost_user_kick(device->user, RING_FROM_GUEST);
}

static void device_stopping(struct vhost_user_device *callbacks, enum ring ring)
{
	struct device *device = (struct device *)callbacks;

	/* The buffer was not used, and is the next one again. */
	if (ring == RING_TO_GUEST && device->to_guest_taken) {
		queue(device, RING_TO_GUEST)->next--;
		device->to_guest_taken = false;
	}
	if (ring == RING_TO_GUEST)
		log_note(device->log, "of %u buffers for packets, %u were free at the end",
			 device->to_guest_most, virtqueue_available(queue(device, ring)));
}

static void device_kicked(struct vhost_user_device *callbacks, enum ring ring)
{
	struct device *device = (struct device *)callbacks;

	if (!device->user->started)
		return;
	if (ring == RING_TO_GUEST) {
		bool full = device->parked_count >= PARKED_ENOUGH;

		send_parked(device);
		if (full)
			vhost_user_kick(device->user, RING_FROM_GUEST);
	} else {
		receive_packets(device);
	}
}

void device_init(struct device *device, struct vhost_user *user, struct peer *peer,
		 struct log *log)
{
	memset(device, 0, sizeof(*device));
	device->callbacks.started = device_started;
	device->callbacks.stopping = device_stopping;
	device->callbacks.kicked = device_kicked;
	device->user = user;
	device->peer = peer;
	device->log = log;
	TAILQ_INIT(&device->parked);
}

void device_free(struct device *device)
{
	forget_parked(device);
}

void device_signal(struct device *device)
{
	unsigned int i;

	for (i = 0; i < RING_COUNT; i++)
		virtqueue_signal(queue(device, i));
}

/*
 * The monitor does not use the event ring either, and so every buffer in it that is
 * not used is available. An interrupt of the ring for packets does for the event
 * ring if they share one, as they do with virtio-mmio.
 */
static const char *map_event_ring(struct device *device, const struct event_ring *ring,
				  struct virtqueue *events)
{
	const struct guest_memory *memory = &device->user->memory;
	const struct virtqueue *packets = queue(device, RING_TO_GUEST);
	const char *problem;

	*events = (struct virtqueue){
		.size = ring->size,
		.descriptors_at = guest_memory_to_user(memory, ring->descriptors),
		.available_at = guest_memory_to_user(memory, ring->available),
		.used_at = guest_memory_to_user(memory, ring->used),
		.indirect = packets->indirect,
		.call = packets->call,
	};
	problem = virtqueue_map(events, memory);
	events->next = events->used_index;
	return problem;
}

const char *device_reset(struct device *device, const struct event_ring *ring)
{
	uint8_t event[EVENT_SIZE];
	struct virtqueue events;
	struct chain chain;
	const char *problem;
	int result;

	if (!device->user->started)
		return "the device does not run";
	problem = map_event_ring(device, ring, &events);
	if (problem)
		return problem;
	result = virtqueue_pop(&events, &device->user->memory, &chain, &problem);
	if (result <= 0)
		return result ? problem : "the guest has no buffer for the event";
	put_le32(event, EVENT_TRANSPORT_RESET);
	if (chain_write(&chain, 0, event, sizeof(event)) < sizeof(event))
		return "the buffer for the event is too small";
	forget_parked(device);
	peer_start(device->peer);
	log_note(device->log, "the transport is reset");
	virtqueue_push(&events, &chain, sizeof(event));
	virtqueue_signal(&events);
	return NULL;
}
