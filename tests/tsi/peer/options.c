// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message.h"

static const struct {
	const char *name;
	unsigned int bit;
	const char *help;
} misbehaviours[] = {
	{ "no-answer", NO_ANSWER, "requests are carried out, but never answered" },
	{ "delayed-answer", DELAYED_ANSWER, "answers come late; see --delay" },
	{ "duplicate-answer", DUPLICATE_ANSWER, "every answer comes twice" },
	{ "stale-answer", STALE_ANSWER,
	  "an answer to another request, -EIO, comes before every answer" },
	{ "wrong-source-port", WRONG_SOURCE_PORT, "answers come from port 1 of the host" },
	{ "short-answer", SHORT_ANSWER, "the last bytes of every answer are missing" },
	{ "long-answer", LONG_ANSWER,
	  "answers and the time fill the guest's buffer, with random bytes at the end" },
	{ "storage-length", STORAGE_LENGTH,
	  "the name of a datagram socket's peer is 128 bytes long" },
	{ "swapped-cids", SWAPPED_CIDS,
	  "datagrams come from GUEST-CID:0 and go to port N of CID 2" },
	{ "no-response", NO_RESPONSE, "a REQUEST for a stream is ignored" },
	{ "reset-request", RESET_REQUEST, "a REQUEST for a stream is answered with RST" },
	{ "reset-connected", RESET_CONNECTED, "RST follows the RESPONSE to a stream" },
	{ "reset-data", RESET_DATA, "the first data of a stream is answered with RST" },
	{ "reset-shutdown", RESET_SHUTDOWN, "the first SHUTDOWN of a stream is answered with RST" },
	{ "reset-reverse", RESET_REVERSE, "RST follows the REQUEST of a reverse connection" },
	{ "reset-accepted", RESET_ACCEPTED,
	  "the guest's RESPONSE to a reverse connection is answered with RST" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char help_text[] =
"Usage: tsi-peer --socket PATH [OPTION]...\n"
"\n"
"A host for guests that speak Transparent Socket Impersonation: the back end of a\n"
"vhost-user vsock device. It waits at the UNIX socket PATH for one virtual machine\n"
"monitor, such as QEMU with vhost-user-vsock-device, serves its guest, and ends\n"
"when the monitor goes.\n"
"\n"
"  --socket PATH            where the monitor connects\n"
"  --cid NUMBER             the guest's CID [3]\n"
"  --log FILE               a line for every packet; - is the standard output\n"
"  --no-datagrams           do not offer datagrams, without which there is no TSI\n"
"\n"
"What the guest's sockets may do:\n"
"  --families LIST          which families are lent: inet, unix, both separated by\n"
"                           a comma, or none [inet]\n"
"  --loopback-only          keep to addresses of this machine alone: others are\n"
"                           unreachable, and a listener at all addresses listens\n"
"                           at the loopback address\n"
"  --map GUEST:HOST         a listener at port GUEST gets port HOST of this\n"
"                           machine\n"
"  --mapped-only            refuse to listen (EPERM) at ports without a --map\n"
"\n"
"Plain vsock, beside TSI:\n"
"  --host-port PORT=PATH    what connects to PORT of the host reaches the UNIX\n"
"                           socket PATH\n"
"  --guest-port PORT=PATH   listen at the UNIX socket PATH; what connects to it\n"
"                           reaches PORT of the guest\n"
"\n"
"  --time-sync SECONDS      send the time at once and every so many seconds\n"
"\n"
"Tests of a guest:\n"
"  --misbehave NAME         be a bad host, in one of the ways below; more than once\n"
"                           for more than one\n"
"  --behave-by FIFO         at each line in FIFO, misbehave in the ways that it names,\n"
"                           with a space between two, and in no others\n"
"  --fail NUMBER            answer requests with -NUMBER, an error number of Linux,\n"
"                           instead of carrying them out\n"
"  --which FIRST-LAST       of the requests that --fail is for, fail only these,\n"
"                           counted from 1\n"
"  --only REQUEST           spoil, delay or fail only connect, getname, listen or\n"
"                           accept\n"
"  --delay MILLISECONDS     how late a delayed answer comes [3000]\n"
"  --reset-by FIFO          at each line in FIFO, forget the guest's sockets and tell\n"
"                           the guest so, like a host that has restored a snapshot.\n"
"                           The line says where the guest's event ring is: SIZE\n"
"                           DESCRIPTORS AVAILABLE USED, in decimal numbers\n"
"\n"
"  --help                   show this\n"
"\n"
"Ways to misbehave:\n";

void options_help(void)
{
	size_t i;

	fputs(help_text, stdout);
	for (i = 0; i < COUNT(misbehaviours); i++)
		printf("  %-18s %s\n", misbehaviours[i].name, misbehaviours[i].help);
}

void options_default(struct options *options)
{
	memset(options, 0, sizeof(*options));
	options->guest_cid = 3;
	options->inet = true;
	options->fail_first = 1;
	options->fail_last = UINT32_MAX;
	options->delay_milliseconds = 3000;
}

static int bad(const char *what, const char *value)
{
	fprintf(stderr, "tsi-peer: %s: %s\ntsi-peer: see tsi-peer --help\n", value, what);
	return -1;
}

/* A decimal number that ends at the character end. */
static int number(const char *text, char end, unsigned long minimum, unsigned long maximum,
		  unsigned long *value, const char **rest)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*value = strtoul(text, &stop, 10);
	if (errno || *stop != end || *value < minimum || *value > maximum)
		return -1;
	*rest = stop + 1;
	return 0;
}

static int parse_unsigned(const char *text, unsigned long minimum, unsigned long maximum,
			  uint32_t *value)
{
	unsigned long parsed;
	const char *rest;

	if (number(text, '\0', minimum, maximum, &parsed, &rest))
		return bad("not a number in range", text);
	*value = (uint32_t)parsed;
	return 0;
}

static int parse_families(struct options *options, const char *text)
{
	options->inet = false;
	options->unix_sockets = false;
	if (!strcmp(text, "inet"))
		options->inet = true;
	else if (!strcmp(text, "unix"))
		options->unix_sockets = true;
	else if (!strcmp(text, "inet,unix") || !strcmp(text, "unix,inet"))
		options->inet = options->unix_sockets = true;
	else if (strcmp(text, "none"))
		return bad("not a list of families", text);
	return 0;
}

static int parse_port_mapping(struct options *options, const char *text)
{
	struct port_mapping *mapping = &options->mappings[options->mapping_count];
	unsigned long guest, host;
	const char *rest;

	if (options->mapping_count == MAPPINGS_MAX)
		return bad("too many mappings", text);
	if (number(text, ':', 1, 65535, &guest, &rest) ||
	    number(rest, '\0', 1, 65535, &host, &rest))
		return bad("not GUEST:HOST", text);
	mapping->guest = (uint16_t)guest;
	mapping->host = (uint16_t)host;
	options->mapping_count++;
	return 0;
}

static int parse_which(struct options *options, const char *text)
{
	unsigned long first, last;
	const char *rest;

	if (number(text, '-', 1, UINT32_MAX, &first, &rest) ||
	    number(rest, '\0', first, UINT32_MAX, &last, &rest))
		return bad("not FIRST-LAST", text);
	options->fail_first = (uint32_t)first;
	options->fail_last = (uint32_t)last;
	return 0;
}

static int parse_path_mapping(struct path_mapping mappings[MAPPINGS_MAX], unsigned int *count,
			      const char *text)
{
	unsigned long port;
	const char *path;

	if (*count == MAPPINGS_MAX)
		return bad("too many mappings", text);
	if (number(text, '=', 1, UINT32_MAX - 1, &port, &path) || !*path)
		return bad("not PORT=PATH", text);
	if (port == TSI_STREAM_PORT)
		return bad("port 620 is that of TSI", text);
	mappings[*count].port = (uint32_t)port;
	mappings[*count].path = path;
	++*count;
	return 0;
}

unsigned int options_misbehaviour(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(misbehaviours); i++) {
		if (!strcmp(name, misbehaviours[i].name))
			return misbehaviours[i].bit;
	}
	return 0;
}

static int parse_misbehaviour(struct options *options, const char *text)
{
	unsigned int bit = options_misbehaviour(text);

	if (!bit)
		return bad("not a way to misbehave", text);
	options->misbehaviour |= bit;
	return 0;
}

static int parse_request(struct options *options, const char *text)
{
	static const uint32_t opcodes[] = { TSI_CONNECT, TSI_GETNAME, TSI_LISTEN, TSI_ACCEPT };
	size_t i;

	for (i = 0; i < COUNT(opcodes); i++) {
		if (!strcasecmp(text, opcode_name(opcodes[i]))) {
			options->misbehaviour_opcode = opcodes[i];
			return 0;
		}
	}
	return bad("not a request that has an answer", text);
}

enum option_code {
	SOCKET = 1,
	CID,
	LOG,
	NO_DATAGRAMS,
	FAMILIES,
	LOOPBACK_ONLY,
	MAP,
	MAPPED_ONLY,
	HOST_PORT,
	GUEST_PORT,
	TIME_SYNC,
	MISBEHAVE,
	FAIL,
	WHICH,
	ONLY,
	DELAY,
	RESET_BY,
	BEHAVE_BY,
	HELP,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, SOCKET },
	{ "cid", required_argument, NULL, CID },
	{ "log", required_argument, NULL, LOG },
	{ "no-datagrams", no_argument, NULL, NO_DATAGRAMS },
	{ "families", required_argument, NULL, FAMILIES },
	{ "loopback-only", no_argument, NULL, LOOPBACK_ONLY },
	{ "map", required_argument, NULL, MAP },
	{ "mapped-only", no_argument, NULL, MAPPED_ONLY },
	{ "host-port", required_argument, NULL, HOST_PORT },
	{ "guest-port", required_argument, NULL, GUEST_PORT },
	{ "time-sync", required_argument, NULL, TIME_SYNC },
	{ "misbehave", required_argument, NULL, MISBEHAVE },
	{ "fail", required_argument, NULL, FAIL },
	{ "which", required_argument, NULL, WHICH },
	{ "only", required_argument, NULL, ONLY },
	{ "delay", required_argument, NULL, DELAY },
	{ "reset-by", required_argument, NULL, RESET_BY },
	{ "behave-by", required_argument, NULL, BEHAVE_BY },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static int parse_option(struct options *options, int code, const char *value)
{
	switch (code) {
	case SOCKET:
		options->socket_path = value;
		return 0;
	case CID:
		return parse_unsigned(value, 3, UINT32_MAX - 1, &options->guest_cid);
	case LOG:
		options->log_path = value;
		return 0;
	case NO_DATAGRAMS:
		options->no_datagrams = true;
		return 0;
	case FAMILIES:
		return parse_families(options, value);
	case LOOPBACK_ONLY:
		options->loopback_only = true;
		return 0;
	case MAP:
		return parse_port_mapping(options, value);
	case MAPPED_ONLY:
		options->mapped_only = true;
		return 0;
	case HOST_PORT:
		return parse_path_mapping(options->host_ports, &options->host_port_count, value);
	case GUEST_PORT:
		return parse_path_mapping(options->guest_ports, &options->guest_port_count, value);
	case TIME_SYNC:
		return parse_unsigned(value, 1, 86400, &options->time_sync);
	case MISBEHAVE:
		return parse_misbehaviour(options, value);
	case FAIL:
		return parse_unsigned(value, 1, 65535, &options->fail_with);
	case WHICH:
		return parse_which(options, value);
	case ONLY:
		return parse_request(options, value);
	case DELAY:
		return parse_unsigned(value, 1, 600000, &options->delay_milliseconds);
	case RESET_BY:
		options->reset_path = value;
		return 0;
	case BEHAVE_BY:
		options->behave_path = value;
		return 0;
	default:
		/* getopt_long() has said what is wrong. */
		fputs("tsi-peer: see tsi-peer --help\n", stderr);
		return -1;
	}
}

enum options_outcome options_parse(struct options *options, int argc, char *argv[])
{
	int code;

	options_default(options);
	while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (code == HELP)
			return OPTIONS_HELP;
		if (parse_option(options, code, optarg))
			return OPTIONS_BAD;
	}
	if (optind < argc) {
		bad("not an option", argv[optind]);
		return OPTIONS_BAD;
	}
	if (!options->socket_path) {
		bad("missing", "--socket");
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}
