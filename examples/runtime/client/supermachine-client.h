/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the control channel of a running container, as init-oci(8) describes it
 * in CONTROL CHANNEL and PROCESSES AND FILES: it runs further processes, moves files,
 * and asks for other work.
 *
 * Copy this file and supermachine-client.c into your runtime. They need C11, POSIX,
 * getentropy() and MSG_DONTWAIT, as Linux and the BSDs have them, and nothing else: neither
 * libsupermachine-kernel nor an event loop of their own. The guest tells what it can do,
 * so a client works with each init-oci whose protocol has the same version.
 *
 * A client is one connection. It never waits, starts no thread, and has no state outside
 * of its object, which one thread at a time may use. The runtime's event loop does the
 * waiting:
 *
 *	for (;;) {
 *		struct pollfd channel = { fd, supermachine_client_poll_events(client), 0 };
 *		struct supermachine_client_event event;
 *		int got;
 *
 *		poll(&channel, 1, supermachine_client_timeout(client));
 *		supermachine_client_step(client);
 *		while ((got = supermachine_client_next(client, &event)) > 0)
 *			...
 *		if (got < 0)
 *			errx(1, "%s", supermachine_client_problem(client));
 *	}
 *
 * Functions that return int return 0, or -1 with errno set. What comes from the guest is
 * held against the protocol: a guest that does not keep to it ends the connection, and
 * can neither make the client use memory without bound nor get control characters into
 * its sentences.
 */
#ifndef SUPERMACHINE_CLIENT_H
#define SUPERMACHINE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest id: letters, digits, dots, hyphens and underscores. */
#define SUPERMACHINE_CLIENT_ID_MAX 64

struct supermachine_client;

enum supermachine_client_event_kind {
	/* The guest has answered, and takes requests from now on. */
	SUPERMACHINE_CLIENT_READY,
	/*
	 * About the container. RUNS may have come before READY, where it is not seen: a
	 * client that wants to know asks with supermachine_client_ps().
	 */
	SUPERMACHINE_CLIENT_RUNS,	/* its program has been executed */
	SUPERMACHINE_CLIENT_ENDED,	/* number is its exit status */
	SUPERMACHINE_CLIENT_OOM_KILL,	/* number processes have been killed so far */
	/* About an exec. */
	SUPERMACHINE_CLIENT_STARTED,	/* number is its process in the guest */
	SUPERMACHINE_CLIENT_EXIT,	/* number is its exit status; output may still come */
	/* About every request. */
	SUPERMACHINE_CLIENT_DONE,
	SUPERMACHINE_CLIENT_FAILED,	/* code and text say why */
	/* About the streams of an id. */
	SUPERMACHINE_CLIENT_DATA,	/* length bytes of the stream */
	SUPERMACHINE_CLIENT_CLOSED,	/* the guest has closed the stream */
	SUPERMACHINE_CLIENT_WRITABLE,	/* number bytes of input may be written now */
	/* Text says what the guest did not understand. */
	SUPERMACHINE_CLIENT_COMPLAINT,
};

/* What has happened. Pointers are good until the client is used the next time. */
struct supermachine_client_event {
	enum supermachine_client_event_kind kind;
	unsigned int stream;		/* 0, 1 or 2 */
	const char *id;			/* NULL if it is about none */
	uint64_t number;
	const unsigned char *bytes;
	size_t length;
	const char *code;		/* the name of an error, such as "ENOENT" */
	const char *text;		/* a sentence of printable characters */
};

/*
 * Begins a session on fd, a stream to the guest: what QEMU has for a virtio-console port,
 * or a connection from the guest's vsock. The caller closes fd, after the client. Whether
 * it is non-blocking makes no difference for a socket; anything else must be.
 *
 * is_again says that the port may have been used before, by a client that has closed it
 * in the middle of a message: if the guest does not answer within a second, it is sent as
 * much as ends the message. A guest that has yet to start should not get that.
 *
 * Returns NULL if there is no memory, or no random number for the session's name.
 */
struct supermachine_client *supermachine_client_new(int fd, bool is_again);

/* Frees the client. What runs in the guest goes on. client can be NULL. */
void supermachine_client_free(struct supermachine_client *client);

/*
 * What to wait for: POLLIN, unless there are events to be taken with
 * supermachine_client_next() first, and POLLOUT, if there is something to be sent.
 */
short supermachine_client_poll_events(const struct supermachine_client *client);

/* For how many milliseconds to wait at most, as poll() takes it: -1 means for ever. */
int supermachine_client_timeout(const struct supermachine_client *client);

/*
 * Sends what it can, and receives what has come, up to 64 KiB. Call it when the descriptor
 * is ready, or the time is over; calling it at other times does no harm.
 */
void supermachine_client_step(struct supermachine_client *client);

/*
 * Takes the next event out of what has been received. Returns 1 if there is one, and 0 if
 * not. Returns -1 when the connection has come to an end, after all events before that,
 * with errno
 *	ECONNRESET	the guest or the VMM has closed it,
 *	EPROTO		the guest does not keep to the protocol,
 *	EPROTONOSUPPORT	the guest has another version of the protocol,
 *	ENOMEM		there was no memory, or
 *	any other	that reading or writing has failed with.
 */
int supermachine_client_next(struct supermachine_client *client,
			     struct supermachine_client_event *event);

/* A sentence that says why the connection has ended; "" if it has not. */
const char *supermachine_client_problem(const struct supermachine_client *client);

/*
 * Requests. Each is sent as soon as the connection takes it, and answered by events about
 * the id, which the caller makes up: it must not be in use. An id is in use until DONE or
 * FAILED; that of an exec until EXIT, and until all of its streams are CLOSED.
 *
 * They fail, and nothing is sent, with errno
 *	EAGAIN		there is no READY yet, or more than 1 MiB waits to be sent,
 *	EEXIST		the id is in use,
 *	EINVAL		the id, or a word, is empty or too long, or has a character that it
 *			may not have,
 *	EMSGSIZE	the body is longer than the guest takes,
 *	ENOTSUP		the guest does not know this request,
 *	ENOMEM		there is no memory, or
 *	EPIPE		the connection has ended.
 */

/* Where the streams of a request are: NULL for the default. See Streams in init-oci(8). */
struct supermachine_client_places {
	const char *in, *out, *err;
	bool keep;	/* of an exec: the id is in use until supermachine_client_forget() */
};

/*
 * Starts a process in the container, as the object "process" of an OCI runtime
 * configuration says. Events: STARTED or FAILED; then EXIT. places can be NULL: in is
 * "null" by default, and out and err are "channel". For a process with a terminal, in is
 * "channel", and err is "out", since a terminal has no stream 2.
 */
int supermachine_client_exec(struct supermachine_client *client, const char *id,
			     const struct supermachine_client_places *places, const char *process);

/*
 * Sends path, a file or a directory with everything in it, as a tar archive on stream 1;
 * or unpacks one, from stream 0, in the directory path. places can be NULL.
 */
int supermachine_client_get(struct supermachine_client *client, const char *id,
			    const struct supermachine_client_places *places, const char *path);
int supermachine_client_put(struct supermachine_client *client, const char *id,
			    const struct supermachine_client_places *places, const char *path);

/* What runs, and what the container uses: lines on stream 1. */
int supermachine_client_ps(struct supermachine_client *client, const char *id);
int supermachine_client_statistics(struct supermachine_client *client, const char *id);

/* A mount, given as an object of "mounts" of a runtime configuration. */
int supermachine_client_mount(struct supermachine_client *client, const char *id,
			      const char *mount);
int supermachine_client_umount(struct supermachine_client *client, const char *id,
			       const char *path);

/* Stops all processes of the container; lets them go on; writes everything to the disks. */
int supermachine_client_pause(struct supermachine_client *client, const char *id);
int supermachine_client_resume(struct supermachine_client *client, const char *id);
int supermachine_client_sync(struct supermachine_client *client, const char *id);

/* Addresses are separated by one space each. */
int supermachine_client_nameserver(struct supermachine_client *client, const char *id,
				   const char *addresses);
int supermachine_client_hostname(struct supermachine_client *client, const char *id,
				 const char *name);

/*
 * About the container if id is NULL, else about an exec. No event answers them, except for
 * COMPLAINT. They fail as requests do; but an id that is not in use is no error, because
 * it may have just ended.
 */
int supermachine_client_signal(struct supermachine_client *client, const char *id,
			       const char *name);
int supermachine_client_size(struct supermachine_client *client, const char *id,
			     unsigned short rows, unsigned short columns);

/* Ends the container: its stop signal, and SIGKILL after so many seconds. */
int supermachine_client_stop(struct supermachine_client *client, unsigned int seconds);

/* Tells the guest the time, in nanoseconds since 1970. */
int supermachine_client_time(struct supermachine_client *client, uint64_t nanoseconds);

/*
 * Ends the use of an exec's id and closes its streams, whether it still runs or not. There
 * are no more events about it.
 */
int supermachine_client_forget(struct supermachine_client *client, const char *id);

/*
 * Streams on the channel.
 *
 * Input: the guest takes only as much as it has given credit for. Returns how many bytes
 * have been taken, which may be fewer than length. If it returns -1 with EAGAIN, nothing
 * can be taken: stop reading where the input comes from until the event WRITABLE. It is
 * -1 with EPIPE if the input has been closed, or the id is not in use.
 */
ssize_t supermachine_client_write(struct supermachine_client *client, const char *id,
				  const void *bytes, size_t length);

/*
 * Ends the input, if stream is 0; if it is 1 or 2, nothing more of it is wanted, and the
 * process gets SIGPIPE when it writes. There are no DATA of that stream any more.
 */
int supermachine_client_close(struct supermachine_client *client, const char *id,
			      unsigned int stream);

/*
 * Output: the guest may send as much as supermachine_client_window() at first. After that,
 * it may send as much as this gives it: call it with the length of DATA when these bytes
 * have gone to where they go. A stream for which it is not called stops alone; all others
 * go on. It is no error if the id is not in use or the stream is closed.
 */
int supermachine_client_credit(struct supermachine_client *client, const char *id,
			       unsigned int stream, uint32_t bytes);

/* What every stream begins with, in bytes; 0 before READY. */
uint32_t supermachine_client_window(const struct supermachine_client *client);

/* What a line of ps says of an id. */
struct supermachine_client_task {
	char request[16];		/* "exec", "get", ... */
	char id[SUPERMACHINE_CLIENT_ID_MAX + 1];
	bool runs;
	uint64_t number;		/* the process in the guest, or the exit status */
	bool is_open[3];		/* the streams on the channel */
	uint64_t carried[3];		/* the bytes that have gone through them */
	uint32_t credit;		/* what the client may still send on stream 0 */
};

/*
 * Reads a line that ps has sent, without its newline. Returns whether it is about an id;
 * other lines are about the container and its processes, as init-oci(8) describes.
 */
bool supermachine_client_read_ps(const char *line, struct supermachine_client_task *task);

/*
 * Goes on with what a previous client has begun, as ps has told. The guest sends output
 * when supermachine_client_credit() has been called. The id of an exec is in use until
 * supermachine_client_forget(). Fails with EEXIST if the id is in use by this client
 * already, with EINVAL if it is none, and with ENOMEM.
 */
int supermachine_client_adopt(struct supermachine_client *client,
			      const struct supermachine_client_task *task);

#ifdef __cplusplus
}
#endif

#endif
