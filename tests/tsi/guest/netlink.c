/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces and routes, by rtnetlink(7), of which musl has no header. */
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"

enum { NEW_LINK = 16, NEW_ROUTE = 24 };
enum { REQUEST = 1, ACK = 4, CREATE = 0x400 };

struct request {
	struct {
		uint32_t length;
		uint16_t type, flags;
		uint32_t sequence, port;
	} header;
	union {
		struct {
			uint8_t family, padding;
			uint16_t type;
			int32_t index;
			uint32_t flags, change;
		} link;
		struct {
			uint8_t family, destination_bits, source_bits, tos, table, protocol, scope, type;
			uint32_t flags;
		} route;
	};
};

/* The request, and room for its attributes. */
struct message {
	struct request request;
	char attributes[256];
};

static char *end(struct message *message)
{
	return (char *)message + message->request.header.length;
}

static void add(struct message *message, uint16_t type, const void *value, size_t size)
{
	uint16_t header[2] = { (uint16_t)(sizeof(header) + size), type };

	memcpy(end(message), header, sizeof(header));
	memcpy(end(message) + sizeof(header), value, size);
	message->request.header.length += (uint32_t)((sizeof(header) + size + 3) / 4 * 4);
}

static void begin(struct message *message, uint16_t type, size_t size)
{
	memset(message, 0, sizeof(*message));
	message->request.header.length = (uint32_t)(sizeof(message->request.header) + size);
	message->request.header.type = type;
	message->request.header.flags = REQUEST | ACK | CREATE;
}

static bool ask(struct message *message)
{
	struct {
		char header[16];
		int32_t error;
		char rest[512];
	} answer = { .error = -EIO };
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	if (send(fd, message, message->request.header.length, 0) > 0)
		recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	errno = -answer.error;
	return !answer.error;
}

bool add_dummy(const char *name, bool up)
{
	/* An attribute in another: IFLA_INFO_KIND in IFLA_LINKINFO */
	struct {
		uint16_t length, type;
		char kind[8];
	} info = { 4 + 5, 1, "dummy" };
	struct ifreq request = { .ifr_flags = IFF_UP };
	struct message message;
	bool good;
	int fd;

	begin(&message, NEW_LINK, sizeof(message.request.link));
	add(&message, 3, name, strlen(name) + 1);
	add(&message, 18, &info, sizeof(info));
	good = ask(&message);
	if (!good || !up)
		return good;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	good = !ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return good;
}

bool add_route(enum route type, int family, const void *address, const char *interface)
{
	size_t size = family == AF_INET ? 4 : 16;
	uint32_t index = interface ? if_nametoindex(interface) : 0;
	struct message message;

	begin(&message, NEW_ROUTE, sizeof(message.request.route));
	message.request.route.family = (uint8_t)family;
	/* The main table, as an administrator */
	message.request.route.table = 254;
	message.request.route.protocol = 4;
	message.request.route.type = (uint8_t)type;
	if (address) {
		message.request.route.destination_bits = (uint8_t)(8 * size);
		add(&message, 1, address, size);
	}
	if (index)
		add(&message, 4, &index, sizeof(index));
	return ask(&message);
}
