/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that come from the host. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static void *accepter(void *argument)
{
	int *fd = argument;

	*fd = accept(*fd, NULL, NULL);
	return NULL;
}

static void check_serve(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), call, server;
	struct sockaddr_in name = inet("0.0.0.0", 0), peer;
	socklen_t length = sizeof(name), peer_length = sizeof(peer);
	char text[64] = "", got[64] = "";
	int value = 0;
	socklen_t value_length = sizeof(value);

	bind(listener, (struct sockaddr *)&name, sizeof(name));
	check(24, !listen(listener, 16) && !getsockname(listener, (struct sockaddr *)&name, &length) &&
		  name.sin_port,
	      "listen at any port");
	getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &value_length);
	check(31, value == 1, "SO_ACCEPTCONN");
	fcntl(listener, F_SETFL, O_NONBLOCK);
	check(27, accept(listener, NULL, NULL) < 0 && errno == EAGAIN, "nobody is there yet");

	call = host_calls(ntohs(name.sin_port), "from the host");
	check(26, readable(listener, 5000), "poll says that the host connects");
	fcntl(listener, F_SETFL, 0);
	server = accept(listener, (struct sockaddr *)&peer, &peer_length);
	check(26, server >= 0, "accept");
	check(26, peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
		  peer.sin_port,
	      "the peer's address is that at the host");
	check(26, recv(server, text, sizeof(text), 0) == 13 && !strcmp(text, "from the host"), "data comes");
	check(26, send(server, "answer", 6, 0) == 6, "data goes");
	close(server);
	check(26, recv(call, got, sizeof(got), MSG_WAITALL) == 6 && !strcmp(got, "answer"),
	      "and reaches the host");
	length = sizeof(name);
	close(call);
	close(listener);
}

static void check_both_sides(void)
{
	int listener = listen_at("0.0.0.0", 9200), client, server, call;

	client = stream_to("127.0.0.1", 9200);
	server = accept(listener, NULL, NULL);
	check(15, client >= 0 && server >= 0, "a listener of the host serves the guest too");
	close(client);
	close(server);
	call = host_calls(9200, "x");
	server = accept(listener, NULL, NULL);
	check(26, server >= 0, "and the host after that");
	close(server);
	close(call);
	close(listener);
	listener = listen_at("0.0.0.0", 9200);
	check(23, listener >= 0, "closed, it can be listened at again");
	close(listener);
}

static void check_wake(void)
{
	int listener = listen_at("0.0.0.0", 9201), fd = listener;
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	pthread_t thread;
	double start;

	pthread_create(&thread, NULL, accepter, &fd);
	usleep(100000);
	start = now();
	getsockname(listener, (struct sockaddr *)&name, &length);
	readable(listener, 0);
	check(28, now() - start < 1, "other calls do not wait for accept");
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	check(27, fd < 0, "shutdown wakes accept");
	close(listener);
}

void check_listen(void)
{
	check_serve();
	check_both_sides();
	check_wake();
}
