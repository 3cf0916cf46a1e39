// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "behave.h"
#include "device.h"
#include "log.h"
#include "loop.h"
#include "options.h"
#include "peer.h"
#include "reset.h"
#include "vhost_user.h"

struct program {
	/* First, for signal_ready(). */
	struct watch signals;
	bool interrupted;
	/* The host's sockets: a loop inside the loop, which can be left out. */
	struct watch sockets;
	struct loop loop, socket_loop;
	struct log log;
	struct vhost_user user;
	struct device device;
	struct peer peer;
	struct reset reset;
	struct behave behave;
};

static void signal_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	((struct program *)watch)->interrupted = true;
}

static void sockets_ready(struct watch *watch, uint32_t events)
{
	struct program *program =
		(struct program *)((char *)watch - offsetof(struct program, sockets));

	(void)events;
	loop_turn(&program->socket_loop, 0);
}

static int watch_signals(struct program *program)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	program->signals.fd = signalfd(-1, &signals, SFD_CLOEXEC);
	program->signals.ready = signal_ready;
	if (program->signals.fd < 0)
		return -1;
	return loop_watch(&program->loop, &program->signals, EPOLLIN);
}

static int open_loops(struct program *program)
{
	if (loop_open(&program->loop) || loop_open(&program->socket_loop))
		return -1;
	program->sockets.fd = program->socket_loop.epoll;
	program->sockets.ready = sockets_ready;
	return watch_signals(program);
}

/* Serves the guest until its monitor goes. Returns the exit status. */
static int serve(struct program *program)
{
	while (!program->user.ended && !program->interrupted) {
		int wait = peer_expire(&program->peer);
		bool room = device_room(&program->device);

		device_signal(&program->device);
		log_flush(&program->log);
		if (loop_watch(&program->loop, &program->sockets, room ? EPOLLIN : 0) ||
		    loop_turn(&program->loop, wait) < 0) {
			perror("tsi-peer: epoll");
			return EXIT_FAILURE;
		}
	}
	return program->user.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct program *program, struct options *options)
{
	const struct wire wire = { &program->device, device_room, device_send };
	int status = EXIT_FAILURE, connection;

	if (options->log_path && log_open(&program->log, options->log_path)) {
		fprintf(stderr, "tsi-peer: %s: %s\n", options->log_path, strerror(errno));
		return EXIT_FAILURE;
	}
	if (open_loops(program)) {
		perror("tsi-peer: epoll");
		goto close_log;
	}
	device_init(&program->device, &program->user, &program->peer, &program->log);
	if (options->reset_path && reset_open(&program->reset, options->reset_path,
					      &program->loop, &program->device)) {
		fprintf(stderr, "tsi-peer: %s: %s\n", options->reset_path, strerror(errno));
		goto close_log;
	}
	if (options->behave_path &&
	    behave_open(&program->behave, options, &program->loop, &program->log)) {
		fprintf(stderr, "tsi-peer: %s: %s\n", options->behave_path, strerror(errno));
		goto close_log;
	}
	if (peer_init(&program->peer, options, &program->socket_loop, &wire, &program->log))
		goto close_log;
	connection = vhost_user_wait(options->socket_path, program->signals.fd);
	if (connection >= 0) {
		vhost_user_init(&program->user, connection, &program->loop,
				&program->device.callbacks, options->guest_cid,
				!options->no_datagrams);
		status = serve(program);
		vhost_user_free(&program->user);
	} else if (connection == -2) {
		status = EXIT_SUCCESS;
	}
	peer_free(&program->peer);
	device_free(&program->device);
close_log:
	log_close(&program->log);
	return status;
}

int main(int argc, char *argv[])
{
	struct options options;
	struct program *program;
	int status;

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_HELP:
		options_help();
		return EXIT_SUCCESS;
	case OPTIONS_BAD:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	program = calloc(1, sizeof(*program));
	if (!program) {
		perror("tsi-peer");
		return EXIT_FAILURE;
	}
	status = run(program, &options);
	free(program);
	return status;
}
