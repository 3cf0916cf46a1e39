// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

bool policy_lends_family(const struct options *options, int family)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return options->inet;
	case AF_UNIX:
		return options->unix_sockets;
	default:
		return false;
	}
}

static bool loopback_v4(uint32_t address)
{
	return address >> 24 == 127;
}

static bool loopback_v6(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(address);
}

/* Connecting to the unspecified address means connecting to the loopback address. */
static bool wildcard(const struct message_address *address)
{
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;

	if (address->storage.ss_family == AF_INET) {
		memcpy(&inet, &address->storage, sizeof(inet));
		return inet.sin_addr.s_addr == htonl(INADDR_ANY);
	}
	memcpy(&inet6, &address->storage, sizeof(inet6));
	return IN6_IS_ADDR_UNSPECIFIED(&inet6.sin6_addr);
}

static bool of_this_machine(const struct message_address *address)
{
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;

	if (address->storage.ss_family == AF_UNIX)
		return true;
	if (address->storage.ss_family == AF_INET) {
		memcpy(&inet, &address->storage, sizeof(inet));
		return loopback_v4(ntohl(inet.sin_addr.s_addr)) || wildcard(address);
	}
	memcpy(&inet6, &address->storage, sizeof(inet6));
	return loopback_v6(&inet6.sin6_addr) || wildcard(address);
}

int policy_destination(const struct options *options, const struct message_address *address)
{
	return options->loopback_only && !of_this_machine(address) ? -ENETUNREACH : 0;
}

static void make_loopback(struct message_address *address)
{
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;

	if (address->storage.ss_family == AF_INET) {
		memcpy(&inet, &address->storage, sizeof(inet));
		inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(&address->storage, &inet, sizeof(inet));
	} else {
		memcpy(&inet6, &address->storage, sizeof(inet6));
		inet6.sin6_addr = in6addr_loopback;
		memcpy(&address->storage, &inet6, sizeof(inet6));
	}
}

/* The port stands at the same place in both families. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	       "IPv4 and IPv6 addresses begin alike");

static int map_port(const struct options *options, struct message_address *address)
{
	uint8_t *place = (uint8_t *)&address->storage + offsetof(struct sockaddr_in, sin_port);
	unsigned int i;
	in_port_t port;

	memcpy(&port, place, sizeof(port));
	for (i = 0; i < options->mapping_count; i++) {
		if (options->mappings[i].guest == ntohs(port)) {
			port = htons(options->mappings[i].host);
			memcpy(place, &port, sizeof(port));
			return 0;
		}
	}
	return options->mapped_only ? -EPERM : 0;
}

int policy_listen(const struct options *options, struct message_address *address)
{
	if (address->storage.ss_family == AF_UNIX)
		return 0;
	if (options->loopback_only) {
		if (!of_this_machine(address))
			return -EADDRNOTAVAIL;
		if (wildcard(address))
			make_loopback(address);
	}
	return map_port(options, address);
}
