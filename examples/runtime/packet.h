/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <sys/types.h>

/*
 * What the commands of the runtime and the supervisor of a container tell each other, on
 * a UNIX socket that keeps packets apart. A command makes a connection for one request,
 * which ends with it.
 */
enum packet_kind {
	/* First: what the command wants, with an argument. */
	PACKET_EXEC,		/* the object "process"; stream is a set of the flags below */
	PACKET_ATTACH,		/* the id of an exec that has lost its command */
	PACKET_GET,		/* a path */
	PACKET_PUT,
	PACKET_PS,
	PACKET_STATISTICS,
	PACKET_PAUSE,
	PACKET_RESUME,
	PACKET_STOP,		/* the number of seconds */
	PACKET_WAIT,		/* for the container's end */
	/* Then, from the command: */
	PACKET_SIGNAL,		/* its name */
	PACKET_SIZE,		/* rows and columns */
	/* From either: */
	PACKET_DATA,
	PACKET_CLOSE,		/* stream; from the command: the input, or no more output */
	/* From the supervisor: */
	PACKET_ID,		/* of an exec */
	PACKET_TAKEN,		/* how many bytes of the input may be sent again */
	PACKET_RUNS,		/* the container does */
	PACKET_EXIT,		/* the status */
	PACKET_DONE,
	PACKET_FAILED,		/* a sentence */
};

#define PACKET_TERMINAL 1
#define PACKET_INPUT 2

#define PACKET_MAX 32768
/* Input that a command may have sent before it is taken: signals never wait behind it. */
#define PACKET_INPUT_MAX 65536

struct packet {
	unsigned char kind, stream;
	char bytes[PACKET_MAX + 1];	/* followed by a zero, when received */
};
#define PACKET_HEADER 2

/* The end of a connection where something listens, or -1 with errno. */
int packet_connect(const char *path, int type);
/* A socket to which commands connect, non-blocking, or -1 with errno. */
int packet_listen(const char *path);

/* Waits, unless flags say otherwise. Returns 0, or -1 with errno. */
int packet_send(int fd, int flags, enum packet_kind kind, unsigned int stream, const void *bytes,
		size_t length);

/* Returns the number of bytes, or -1 with errno: ECONNRESET at the end. */
ssize_t packet_receive(int fd, int flags, struct packet *packet);

#endif
