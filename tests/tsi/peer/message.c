// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "bytes.h"

_Static_assert(sizeof(struct sockaddr_storage) == TSI_ADDRESS_SIZE,
	       "an address of the wire is a struct sockaddr_storage of Linux");
_Static_assert(AF_UNIX == TSI_UNIX && AF_INET == TSI_INET && AF_INET6 == TSI_INET6,
	       "families of the wire are those of Linux");

const char *opcode_name(uint32_t port)
{
	static const char *const names[] = {
		"PROXY_CREATE", "CONNECT", "GETNAME", "SENDTO_ADDRESS",
		"SENDTO_DATA",	"LISTEN",  "ACCEPT",  "PROXY_RELEASE",
	};

	return opcode_valid(port) ? names[port - TSI_PROXY_CREATE] : "?";
}

size_t message_size(enum opcode opcode)
{
	switch (opcode) {
	case TSI_PROXY_CREATE:
	case TSI_ACCEPT:
	case TSI_PROXY_RELEASE:
		return 8;
	case TSI_GETNAME:
		return 12;
	case TSI_CONNECT:
	case TSI_SENDTO_ADDRESS:
		return 8 + TSI_ADDRESS_SIZE;
	case TSI_LISTEN:
		return 16 + TSI_ADDRESS_SIZE;
	case TSI_SENDTO_DATA:
		break;
	}
	return 0;
}

/* A length, and the address that follows it at once. */
static const char *address_decode(struct message *message, const uint8_t *bytes)
{
	struct message_address *address = &message->address;
	uint32_t length = get_le32(bytes), i;
	uint16_t family = get_le16(bytes + 4);

	if (length < sizeof(family) || length > TSI_ADDRESS_SIZE)
		return "the length of the address is out of range";
	if (family != TSI_UNIX && family != TSI_INET && family != TSI_INET6)
		return "the family of the address is unknown";
	memset(&address->storage, 0, sizeof(address->storage));
	memcpy(&address->storage, bytes + 4, length);
	address->storage.ss_family = family;
	address->length = length;
	for (i = length; i < TSI_ADDRESS_SIZE; i++)
		message->dirty |= bytes[4 + i];
	return NULL;
}

/*
 * The port names a socket of the guest. Were it one of the opcodes, connected
 * datagrams of that socket would be control messages.
 */
static const char *check_port(uint32_t port)
{
	if (port == 0 || port == UINT32_MAX)
		return "the port of the socket is out of range";
	if (opcode_valid(port))
		return "the port of the socket is one of the control ports";
	return NULL;
}

const char *message_decode(struct message *message, enum opcode opcode, const uint8_t *payload,
			   size_t length)
{
	const char *problem;

	if (!message_size(opcode))
		return "it is no control message";
	if (length < message_size(opcode))
		return "it is too short";
	memset(message, 0, sizeof(*message));
	message->opcode = opcode;
	message->port = get_le32(payload);
	/* A release of a socket that has no proxy yet is idle, but no mistake. */
	problem = opcode == TSI_PROXY_RELEASE ? NULL : check_port(message->port);
	if (problem)
		return problem;
	switch (opcode) {
	case TSI_PROXY_CREATE:
		message->family = get_le16(payload + 4);
		message->type = get_le16(payload + 6);
		break;
	case TSI_GETNAME:
		message->host_port = get_le32(payload + 4);
		message->selector = get_le32(payload + 8);
		break;
	case TSI_PROXY_RELEASE:
		message->host_port = get_le32(payload + 4);
		break;
	case TSI_ACCEPT:
		message->flags = get_le32(payload + 4);
		break;
	case TSI_LISTEN:
		message->vm_port = get_le32(payload + 4);
		message->backlog = get_le32(payload + 8);
		return address_decode(message, payload + 12);
	case TSI_CONNECT:
	case TSI_SENDTO_ADDRESS:
		return address_decode(message, payload + 4);
	case TSI_SENDTO_DATA:
		break;
	}
	return NULL;
}

void result_encode(uint8_t bytes[RESULT_SIZE], int32_t result)
{
	put_le32(bytes, (uint32_t)result);
}

void name_encode(uint8_t bytes[NAME_SIZE], int32_t result, const struct sockaddr_storage *address,
		 socklen_t length)
{
	memset(bytes, 0, NAME_SIZE);
	put_le32(bytes, (uint32_t)result);
	if (result)
		return;
	/* What getpeername() did not fit into its buffer was cut. */
	if (length > TSI_ADDRESS_SIZE)
		length = TSI_ADDRESS_SIZE;
	put_le32(bytes + 4, length);
	memcpy(bytes + 8, address, length);
}

static void unix_text(char *text, size_t size, const struct message_address *address)
{
	const char *path = (const char *)&address->storage + sizeof(sa_family_t);
	size_t length = address->length - sizeof(sa_family_t), used = 0, i;

	if (length && path[0])
		length = strnlen(path, length);
	for (i = 0; i < length && used + 1 < size; i++) {
		/* An abstract name begins with a zero byte. */
		if (!path[i])
			text[used++] = '@';
		else
			text[used++] = path[i] < ' ' || path[i] > '~' ? '?' : path[i];
	}
	text[used] = '\0';
}

void address_text(char text[ADDRESS_TEXT_SIZE], const struct message_address *address)
{
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;

	switch (address->storage.ss_family) {
	case AF_INET:
		memcpy(&inet, &address->storage, sizeof(inet));
		inet_ntop(AF_INET, &inet.sin_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(inet.sin_port));
		break;
	case AF_INET6:
		memcpy(&inet6, &address->storage, sizeof(inet6));
		inet_ntop(AF_INET6, &inet6.sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(inet6.sin6_port));
		break;
	case AF_UNIX:
		memcpy(text, "unix:", 5);
		unix_text(text + 5, ADDRESS_TEXT_SIZE - 5, address);
		break;
	default:
		snprintf(text, ADDRESS_TEXT_SIZE, "family %u", address->storage.ss_family);
	}
}

void message_text(char text[MESSAGE_TEXT_SIZE], const struct message *message)
{
	char address[ADDRESS_TEXT_SIZE];
	int used = snprintf(text, MESSAGE_TEXT_SIZE, "%s socket=%u", opcode_name(message->opcode),
			    message->port);
	char *rest = text + used;
	size_t size = MESSAGE_TEXT_SIZE - (size_t)used;

	switch (message->opcode) {
	case TSI_PROXY_CREATE:
		snprintf(rest, size, " family=%u type=%u", message->family, message->type);
		break;
	case TSI_GETNAME:
		snprintf(rest, size, " host_port=%u selector=%u", message->host_port,
			 message->selector);
		break;
	case TSI_PROXY_RELEASE:
		snprintf(rest, size, " host_port=%u", message->host_port);
		break;
	case TSI_ACCEPT:
		snprintf(rest, size, " flags=%#x", message->flags);
		break;
	case TSI_LISTEN:
		address_text(address, &message->address);
		snprintf(rest, size, " vm_port=%u backlog=%u address=%s/%u", message->vm_port,
			 message->backlog, address, message->address.length);
		break;
	case TSI_CONNECT:
	case TSI_SENDTO_ADDRESS:
		address_text(address, &message->address);
		snprintf(rest, size, " address=%s/%u", address, message->address.length);
		break;
	case TSI_SENDTO_DATA:
		break;
	}
}
