// SPDX-License-Identifier: Apache-2.0
/* Descriptors, passed from a process to PID 1. */
#include "exec/descriptors.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What each descriptor is stands in the bytes beside them. */
struct message {
	struct msghdr header;
	struct iovec bytes;
	char kinds[DESCRIPTORS];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

static void begin(struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->bytes = (struct iovec){ message->kinds, sizeof(message->kinds) };
	message->header.msg_iov = &message->bytes;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->control;
	message->header.msg_controllen = sizeof(message->control);
}

int descriptors_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int descriptors_send(int socket, const int descriptors[DESCRIPTORS])
{
	struct message message;
	struct cmsghdr *control;
	size_t count = 0;

	begin(&message);
	control = CMSG_FIRSTHDR(&message.header);
	for (int i = 0; i < DESCRIPTORS; i++) {
		if (descriptors[i] < 0)
			continue;
		memcpy(CMSG_DATA(control) + count * sizeof(int), &descriptors[i], sizeof(int));
		message.kinds[count++] = (char)i;
	}
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	message.bytes.iov_len = count;
	message.header.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int));
	return sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int descriptors_receive(int socket, int descriptors[DESCRIPTORS])
{
	struct message message;
	struct cmsghdr *control;
	ssize_t got;

	begin(&message);
	for (int i = 0; i < DESCRIPTORS; i++)
		descriptors[i] = -1;
	got = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return (int)got;
	control = CMSG_FIRSTHDR(&message.header);
	/* It may have fewer: PID 1 may have no room for more. */
	for (size_t i = 0; control && i < (size_t)got &&
	     CMSG_LEN((i + 1) * sizeof(int)) <= control->cmsg_len; i++)
		memcpy(&descriptors[(unsigned char)message.kinds[i] % DESCRIPTORS],
		       CMSG_DATA(control) + i * sizeof(int), sizeof(int));
	return 1;
}

void descriptors_keep(unsigned int from, const int kept[], size_t count)
{
	unsigned int next;

	do {
		next = ~0U;
		for (size_t i = 0; i < count; i++) {
			if (kept[i] >= (int)from && (unsigned int)kept[i] < next)
				next = (unsigned int)kept[i];
		}
		if (next > from)
			syscall(SYS_close_range, from, next - 1, 0);
		from = next + 1;
	} while (from);
}
