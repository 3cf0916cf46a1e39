/* SPDX-License-Identifier: Apache-2.0 */
/* A guest whose sockets are not impersonated. */
#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

void check_plain(void)
{
	int listener = listen_at("127.0.0.1", 9000), client, server, pair[2];

	check(1, listener >= 0, "a plain guest listens");
	client = stream_to("127.0.0.1", 9000);
	server = accept(listener, NULL, NULL);
	check(1, client >= 0 && server >= 0, "loopback TCP works");
	check(1, send(client, "x", 1, 0) == 1 && readable(server, PATIENCE), "and carries data");
	check(1, stream_to("127.0.0.1", HOST_ECHO) < 0 && errno == ECONNREFUSED,
	      "who is not in the guest is nowhere");
	check(1, stream_to("192.0.2.1", 1) < 0 && errno == ENETUNREACH,
	      "and the network is unreachable");
	check(1, !socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "UNIX sockets work");
	check(1, socket(AF_VSOCK, SOCK_DGRAM, 0) < 0, "there are no vsock datagrams");
	close(client);
	close(server);
	close(listener);
}
