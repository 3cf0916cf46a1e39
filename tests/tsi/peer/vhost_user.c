// SPDX-License-Identifier: Apache-2.0
#include "vhost_user.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bytes.h"

enum request {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	RESET_OWNER = 4,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	SET_VRING_ERR = 14,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	GET_QUEUE_NUM = 17,
	SET_VRING_ENABLE = 18,
	SET_BACKEND_REQ_FD = 21,
	GET_CONFIG = 24,
};

#define BIT(number) (UINT64_C(1) << (number))

#define VSOCK_F_DGRAM BIT(3)
#define RING_F_INDIRECT_DESC BIT(28)
#define VHOST_USER_F_PROTOCOL_FEATURES BIT(30)
#define VIRTIO_F_VERSION_1 BIT(32)
#define FEATURES (VSOCK_F_DGRAM | RING_F_INDIRECT_DESC | VHOST_USER_F_PROTOCOL_FEATURES | \
		  VIRTIO_F_VERSION_1)

#define PROTOCOL_F_MQ BIT(0)
#define PROTOCOL_F_REPLY_ACK BIT(3)
/* Nothing is ever requested, but User Mode Linux has no interrupts without it. */
#define PROTOCOL_F_BACKEND_REQ BIT(5)
#define PROTOCOL_F_CONFIG BIT(9)
#define PROTOCOL_FEATURES (PROTOCOL_F_MQ | PROTOCOL_F_REPLY_ACK | PROTOCOL_F_BACKEND_REQ | \
			   PROTOCOL_F_CONFIG)

#define MESSAGE_HEADER_SIZE 12
#define MESSAGE_PAYLOAD_MAX 512
#define MESSAGE_VERSION 1u
#define MESSAGE_REPLY 4u
#define MESSAGE_NEED_REPLY 8u
/* In SET_VRING_KICK and the like: no descriptor comes with the message. */
#define MESSAGE_NO_DESCRIPTOR BIT(8)

struct vhost_message {
	enum request request;
	uint32_t flags;
	uint32_t size;
	uint8_t payload[MESSAGE_PAYLOAD_MAX];
	int descriptors[MEMORY_REGIONS_MAX];
	unsigned int descriptor_count;
};

static int fail(const char *what)
{
	fprintf(stderr, "tsi-peer: monitor: %s\n", what);
	return -1;
}

/* Takes over a descriptor of the message. */
static int take_descriptor(struct vhost_message *message, unsigned int index)
{
	int fd = message->descriptors[index];

	message->descriptors[index] = -1;
	return fd;
}

static void close_descriptors(struct vhost_message *message)
{
	unsigned int i;

	for (i = 0; i < message->descriptor_count; i++)
		if (message->descriptors[i] >= 0)
			close(message->descriptors[i]);
	message->descriptor_count = 0;
}

static void keep_descriptors(struct vhost_message *message, struct msghdr *received)
{
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(received); control;
	     control = CMSG_NXTHDR(received, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		/* The buffer has room for one such message and no more. */
		message->descriptor_count =
			(unsigned int)((control->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(message->descriptors, CMSG_DATA(control),
		       message->descriptor_count * sizeof(int));
	}
}

/* Returns 1, 0 when the monitor is gone, or -1. */
static int read_message(int connection, struct vhost_message *message)
{
	uint8_t header[MESSAGE_HEADER_SIZE];
	union {
		char bytes[CMSG_SPACE(sizeof(message->descriptors))];
		struct cmsghdr align;
	} control;
	struct iovec part = { header, sizeof(header) };
	struct msghdr received = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t count = recvmsg(connection, &received, MSG_WAITALL | MSG_CMSG_CLOEXEC);

	message->descriptor_count = 0;
	if (count == 0 || (count < 0 && errno == ECONNRESET))
		return 0;
	if (count > 0)
		keep_descriptors(message, &received);
	if (count != sizeof(header))
		return fail("a message is cut");
	message->request = get_le32(header);
	message->flags = get_le32(header + 4);
	message->size = get_le32(header + 8);
	if ((message->flags & 3) != MESSAGE_VERSION || message->flags & MESSAGE_REPLY)
		return fail("a message is of an unknown version");
	if (message->size > sizeof(message->payload))
		return fail("a message is too long");
	if (message->size && recv(connection, message->payload, message->size, MSG_WAITALL) !=
	    (ssize_t)message->size)
		return fail("a message is cut");
	return 1;
}

static int reply(struct vhost_user *user, const struct vhost_message *message,
		 const uint8_t *payload, uint32_t size)
{
	uint8_t bytes[MESSAGE_HEADER_SIZE + MESSAGE_PAYLOAD_MAX];

	put_le32(bytes, message->request);
	put_le32(bytes + 4, MESSAGE_VERSION | MESSAGE_REPLY);
	put_le32(bytes + 8, size);
	memcpy(bytes + MESSAGE_HEADER_SIZE, payload, size);
	size += MESSAGE_HEADER_SIZE;
	if (send(user->connection.fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		return fail(strerror(errno));
	return 0;
}

static int reply_number(struct vhost_user *user, const struct vhost_message *message,
			uint64_t number)
{
	uint8_t payload[8];

	put_le64(payload, number);
	return reply(user, message, payload, sizeof(payload));
}

static void stop_ring(struct vhost_user *user, enum ring index)
{
	struct vhost_user_ring *ring = &user->rings[index];

	if (ring->queue.running)
		user->device->stopping(user->device, index);
	ring->queue.running = false;
	user->started = false;
	loop_watch(user->loop, &ring->kick, 0);
}

/* A ring runs when all that it needs is there; the device, when all rings run. */
static int start_rings(struct vhost_user *user)
{
	unsigned int running = 0, i;

	for (i = 0; i < RING_COUNT; i++) {
		struct vhost_user_ring *ring = &user->rings[i];
		const char *problem = NULL;

		if (!ring->queue.running && ring->queue.enabled && ring->queue.size &&
		    ring->queue.used_at && ring->kick.fd >= 0 && user->memory.count) {
			problem = virtqueue_map(&ring->queue, &user->memory);
			if (problem)
				fprintf(stderr, "tsi-peer: monitor: ring %u: %s\n", i, problem);
			else if (loop_watch(user->loop, &ring->kick, EPOLLIN))
				problem = "epoll";
		}
		if (problem)
			return -1;
		running += ring->queue.running;
	}
	if (running == RING_COUNT && !user->started) {
		user->started = true;
		user->device->started(user->device);
	}
	return 0;
}

/* Rings that ran before are found again in the new memory. */
static int set_memory(struct vhost_user *user, struct vhost_message *message)
{
	uint32_t count, i;

	if (message->size < 8)
		return fail("SET_MEM_TABLE is too short");
	count = get_le32(message->payload);
	if (count > MEMORY_REGIONS_MAX || message->size < 8 + count * 32 ||
	    count != message->descriptor_count)
		return fail("SET_MEM_TABLE does not name a descriptor for each region");
	for (i = 0; i < RING_COUNT; i++)
		stop_ring(user, i);
	guest_memory_clear(&user->memory);
	for (i = 0; i < count; i++) {
		const uint8_t *region = message->payload + 8 + i * 32;

		if (guest_memory_add(&user->memory, get_le64(region), get_le64(region + 16),
				     get_le64(region + 8), get_le64(region + 24),
				     message->descriptors[i]))
			return fail(strerror(errno));
	}
	return start_rings(user);
}

static uint32_t ring_index(const struct vhost_message *message)
{
	uint32_t index = get_le32(message->payload);

	/* The messages that carry descriptors have flags beside the index. */
	if (message->request >= SET_VRING_KICK && message->request <= SET_VRING_ERR)
		index &= 0xff;
	return index;
}

/* Few monitors say anything of it, so that device_reset() needs none to. */
static bool is_about_event_ring(const struct vhost_message *message)
{
	switch (message->request) {
	case SET_VRING_NUM:
	case SET_VRING_ADDR:
	case SET_VRING_BASE:
	case SET_VRING_KICK:
	case SET_VRING_CALL:
	case SET_VRING_ERR:
	case SET_VRING_ENABLE:
		return message->size >= 8 && ring_index(message) == RING_EVENT;
	default:
		return false;
	}
}

/* A monitor may take the closing of its call descriptor for an interrupt. */
static int ignore_event_ring(struct vhost_user *user, struct vhost_message *message)
{
	if (message->request == SET_VRING_CALL && message->descriptor_count == 1) {
		if (user->event_call >= 0)
			close(user->event_call);
		user->event_call = take_descriptor(message, 0);
	}
	return 0;
}

/* The ring that the message is about, or NULL. */
static struct vhost_user_ring *find_ring(struct vhost_user *user,
					 const struct vhost_message *message, uint32_t size)
{
	uint32_t index;

	if (message->size < size) {
		fail("a message is too short");
		return NULL;
	}
	index = ring_index(message);
	if (index >= RING_COUNT) {
		fail("there is no such ring");
		return NULL;
	}
	return &user->rings[index];
}

static int set_ring_state(struct vhost_user *user, struct vhost_message *message)
{
	struct vhost_user_ring *ring = find_ring(user, message, 8);
	uint32_t value;

	if (!ring)
		return -1;
	value = get_le32(message->payload + 4);
	switch (message->request) {
	case SET_VRING_NUM:
		ring->queue.size = value;
		return 0;
	case SET_VRING_BASE:
		ring->queue.next = (uint16_t)value;
		return 0;
	default:
		ring->queue.enabled = value;
		if (!value)
			stop_ring(user, (enum ring)(ring - user->rings));
		return start_rings(user);
	}
}

static int set_ring_address(struct vhost_user *user, struct vhost_message *message)
{
	struct vhost_user_ring *ring = find_ring(user, message, 40);

	if (!ring)
		return -1;
	ring->queue.descriptors_at = get_le64(message->payload + 8);
	ring->queue.used_at = get_le64(message->payload + 16);
	ring->queue.available_at = get_le64(message->payload + 24);
	return start_rings(user);
}

static int get_ring_base(struct vhost_user *user, struct vhost_message *message)
{
	struct vhost_user_ring *ring = find_ring(user, message, 8);
	uint8_t payload[8];

	if (!ring)
		return -1;
	stop_ring(user, (enum ring)(ring - user->rings));
	loop_drop(user->loop, &ring->kick);
	put_le32(payload, get_le32(message->payload));
	put_le32(payload + 4, ring->queue.next);
	return reply(user, message, payload, sizeof(payload));
}

static int set_ring_descriptor(struct vhost_user *user, struct vhost_message *message)
{
	struct vhost_user_ring *ring = find_ring(user, message, 8);
	int fd = -1;

	if (!ring)
		return -1;
	if (!(get_le64(message->payload) & MESSAGE_NO_DESCRIPTOR)) {
		if (message->descriptor_count != 1)
			return fail("a descriptor is missing");
		fd = take_descriptor(message, 0);
	}
	if (message->request == SET_VRING_CALL) {
		if (ring->queue.call >= 0)
			close(ring->queue.call);
		ring->queue.call = fd;
		/* Calls the guest for what happened before there was a way to call it. */
		ring->queue.signal = true;
		virtqueue_signal(&ring->queue);
		return 0;
	}
	if (message->request == SET_VRING_ERR) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	stop_ring(user, (enum ring)(ring - user->rings));
	loop_drop(user->loop, &ring->kick);
	ring->kick.fd = fd;
	return start_rings(user);
}

static int set_features(struct vhost_user *user, struct vhost_message *message)
{
	unsigned int i;

	if (message->size < 8)
		return fail("SET_FEATURES is too short");
	user->features = get_le64(message->payload);
	if (user->features & ~user->offered)
		return fail("a feature was accepted that was not offered");
	for (i = 0; i < RING_COUNT; i++) {
		user->rings[i].queue.indirect = user->features & RING_F_INDIRECT_DESC;
		/* Without the extension, rings run without being enabled. */
		if (!(user->features & VHOST_USER_F_PROTOCOL_FEATURES))
			user->rings[i].queue.enabled = true;
	}
	return start_rings(user);
}

static int get_config(struct vhost_user *user, struct vhost_message *message)
{
	uint8_t config[8], payload[12 + sizeof(config)];
	uint32_t offset, size;

	if (message->size < 12)
		return fail("GET_CONFIG is too short");
	offset = get_le32(message->payload);
	size = get_le32(message->payload + 4);
	if (offset > sizeof(config) || size > sizeof(config) - offset)
		return fail("GET_CONFIG reaches beyond the configuration");
	put_le64(config, user->guest_cid);
	memcpy(payload, message->payload, 12);
	memcpy(payload + 12, config + offset, size);
	return reply(user, message, payload, 12 + size);
}

static int set_requests(struct vhost_user *user, struct vhost_message *message)
{
	if (message->descriptor_count != 1)
		return fail("a descriptor is missing");
	if (user->requests >= 0)
		close(user->requests);
	user->requests = take_descriptor(message, 0);
	return 0;
}

/* Sets *answered when the reply is sent. */
static int handle(struct vhost_user *user, struct vhost_message *message, bool *answered)
{
	*answered = true;
	switch (message->request) {
	case GET_FEATURES:
		return reply_number(user, message, user->offered);
	case GET_PROTOCOL_FEATURES:
		return reply_number(user, message, PROTOCOL_FEATURES);
	case GET_QUEUE_NUM:
		return reply_number(user, message, RING_COUNT);
	case GET_VRING_BASE:
		return get_ring_base(user, message);
	case GET_CONFIG:
		return get_config(user, message);
	default:
		break;
	}
	*answered = false;
	if (is_about_event_ring(message))
		return ignore_event_ring(user, message);
	switch (message->request) {
	case SET_FEATURES:
		return set_features(user, message);
	case SET_PROTOCOL_FEATURES:
		if (message->size < 8)
			return fail("SET_PROTOCOL_FEATURES is too short");
		user->protocol_features = get_le64(message->payload);
		return 0;
	case SET_OWNER:
	case RESET_OWNER:
		return 0;
	case SET_BACKEND_REQ_FD:
		return set_requests(user, message);
	case SET_MEM_TABLE:
		return set_memory(user, message);
	case SET_VRING_NUM:
	case SET_VRING_BASE:
	case SET_VRING_ENABLE:
		return set_ring_state(user, message);
	case SET_VRING_ADDR:
		return set_ring_address(user, message);
	case SET_VRING_KICK:
	case SET_VRING_CALL:
	case SET_VRING_ERR:
		return set_ring_descriptor(user, message);
	default:
		fprintf(stderr, "tsi-peer: monitor: request %u is not known\n",
			(unsigned int)message->request);
		return -1;
	}
}

static void message_ready(struct watch *watch, uint32_t events)
{
	struct vhost_user *user = (struct vhost_user *)watch;
	struct vhost_message message;
	bool answered = false;
	int result = read_message(watch->fd, &message);

	(void)events;
	if (result > 0) {
		result = handle(user, &message, &answered) ? -1 : 1;
		if (!answered && message.flags & MESSAGE_NEED_REPLY &&
		    user->protocol_features & PROTOCOL_F_REPLY_ACK)
			reply_number(user, &message, result < 0);
	}
	close_descriptors(&message);
	if (result <= 0) {
		user->ended = true;
		user->failed = result < 0;
	}
}

static void kick_ready(struct watch *watch, uint32_t events)
{
	struct vhost_user_ring *ring = (struct vhost_user_ring *)watch;
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) != sizeof(count))
		return;
	ring->owner->device->kicked(ring->owner->device,
				    (enum ring)(ring - ring->owner->rings));
}

int vhost_user_wait(const char *path, int signals)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pollfd polled[2] = { { .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	struct timeval timeout = { .tv_sec = 5 };
	int listener, connection = -1;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "tsi-peer: %s: longer than the path of a UNIX socket can be\n",
			path);
		return -1;
	}
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address))) {
		fprintf(stderr, "tsi-peer: %s: %s\n", path, strerror(errno));
		fputs("tsi-peer: if no other peer uses it, remove it\n", stderr);
		goto close_listener;
	}
	if (listen(listener, 1)) {
		perror("tsi-peer: listen");
		goto unlink_path;
	}
	polled[0].fd = listener;
	while (poll(polled, 2, -1) < 0 && errno == EINTR)
		;
	if (polled[1].revents) {
		connection = -2;
		goto unlink_path;
	}
	connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	/* A message comes as a whole or not at all. */
	if (connection < 0 || setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout,
					 sizeof(timeout)))
		perror("tsi-peer: accept");
unlink_path:
	unlink(path);
close_listener:
	if (listener >= 0)
		close(listener);
	return connection;
}

void vhost_user_init(struct vhost_user *user, int connection, struct loop *loop,
		     struct vhost_user_device *device, uint64_t guest_cid, bool datagrams)
{
	unsigned int i;

	memset(user, 0, sizeof(*user));
	user->connection = (struct watch){ .fd = connection, .ready = message_ready };
	user->loop = loop;
	user->device = device;
	user->guest_cid = guest_cid;
	user->offered = datagrams ? FEATURES : FEATURES & ~VSOCK_F_DGRAM;
	user->requests = user->event_call = -1;
	for (i = 0; i < RING_COUNT; i++) {
		user->rings[i].kick = (struct watch){ .fd = -1, .ready = kick_ready };
		user->rings[i].owner = user;
		user->rings[i].queue.call = -1;
	}
	if (loop_watch(loop, &user->connection, EPOLLIN))
		user->ended = user->failed = true;
}

void vhost_user_free(struct vhost_user *user)
{
	unsigned int i;

	for (i = 0; i < RING_COUNT; i++) {
		stop_ring(user, i);
		loop_drop(user->loop, &user->rings[i].kick);
		if (user->rings[i].queue.call >= 0)
			close(user->rings[i].queue.call);
	}
	if (user->requests >= 0)
		close(user->requests);
	if (user->event_call >= 0)
		close(user->event_call);
	guest_memory_clear(&user->memory);
	loop_drop(user->loop, &user->connection);
}

void vhost_user_kick(struct vhost_user *user, enum ring ring)
{
	static const uint64_t one = 1;

	/* It fails only when the counter is full, that is, not at zero. */
	if (user->rings[ring].kick.fd >= 0 &&
	    write(user->rings[ring].kick.fd, &one, sizeof(one)) < 0)
		return;
}
