/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_OPTIONS_H
#define TSI_PEER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Ways to misbehave, a bit each; see --help for what they do. */
enum misbehaviour {
	NO_ANSWER = 1 << 0,
	DELAYED_ANSWER = 1 << 1,
	DUPLICATE_ANSWER = 1 << 2,
	STALE_ANSWER = 1 << 3,
	WRONG_SOURCE_PORT = 1 << 4,
	SHORT_ANSWER = 1 << 5,
	LONG_ANSWER = 1 << 6,
	SWAPPED_CIDS = 1 << 7,
	NO_RESPONSE = 1 << 8,
	RESET_REQUEST = 1 << 9,
	RESET_CONNECTED = 1 << 10,
	RESET_DATA = 1 << 11,
	RESET_SHUTDOWN = 1 << 12,
	RESET_REVERSE = 1 << 13,
	RESET_ACCEPTED = 1 << 14,
	STORAGE_LENGTH = 1 << 15,
};

#define MAPPINGS_MAX 64

/* Of a port of the guest to one of the host. */
struct port_mapping {
	uint16_t guest, host;
};

/* Of a vsock port to the path of a UNIX socket of the host. */
struct path_mapping {
	uint32_t port;
	const char *path;
};

struct options {
	const char *socket_path;
	const char *log_path;
	uint32_t guest_cid;
	/* The datagram feature is not offered. */
	bool no_datagrams;
	/* Which families the host lends. */
	bool inet, unix_sockets;
	bool loopback_only;
	bool mapped_only;
	struct port_mapping mappings[MAPPINGS_MAX];
	unsigned int mapping_count;
	/* Plain vsock: what the guest reaches, and what reaches the guest. */
	struct path_mapping host_ports[MAPPINGS_MAX];
	unsigned int host_port_count;
	struct path_mapping guest_ports[MAPPINGS_MAX];
	unsigned int guest_port_count;
	/* Seconds between time-sync datagrams, 0 for none. */
	unsigned int time_sync;
	unsigned int misbehaviour;
	/* The opcode whose answers are spoiled, 0 for all of them. */
	uint32_t misbehaviour_opcode;
	/* What requests fail with, instead of being carried out; 0 for nothing. */
	uint32_t fail_with;
	/* The first and the last request that fails, counted from 1. */
	uint32_t fail_first, fail_last;
	unsigned int delay_milliseconds;
	/* Where commands to reset the transport come from, or NULL. */
	const char *reset_path;
	/* Where the ways to misbehave come from that replace those above, or NULL. */
	const char *behave_path;
};

/* The bit of a way to misbehave, 0 for a name of none. */
unsigned int options_misbehaviour(const char *name);
void options_default(struct options *options);

enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD };
/* Says on the standard error what is wrong. */
enum options_outcome options_parse(struct options *options, int argc, char *argv[]);
void options_help(void);

#endif
