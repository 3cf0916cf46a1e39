/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of a user without capabilities make random calls on shared sockets,
 * and are interrupted, stopped and killed, while the host misbehaves in every way it
 * knows. Then nothing may be left of them. stress-calls.c has what they do.
 *
 * stress.test reads the lines "# HOST ..." on the console, does to the host what they
 * say, and answers with an empty line.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "stress.h"

enum { WORKERS = 4 };

enum event { EVENT_NONE, EVENT_STOP, EVENT_RESET, EVENT_COUNT };

static unsigned int seed;
static struct stress_start start;
static pid_t workers[WORKERS];

static unsigned int choose(unsigned int count)
{
	return (unsigned int)rand_r(&seed) / 7 % count;
}

/* Have the test do something to the host, which ends it with an empty line. */
static void host(const char *command)
{
	int byte;

	printf("# HOST %s\n", command);
	while ((byte = getchar()) != EOF && byte != '\n')
		;
}

static void host_behave(long behaviour)
{
	char command[32];

	snprintf(command, sizeof(command), "behave %ld", behaviour);
	host(command);
}

/* --- What there is in the kernel ------------------------------------------ */

/* The sockets of vsock, those of the kernel too, as sock_diag(7) lists them. */
static long count_vsock(void)
{
	enum { DIAG_BY_FAMILY = 20, REQUEST_DUMP = 0x301, DONE = 3, NETLINK_DIAG = 4 };
	struct header {
		uint32_t length;
		uint16_t type, flags;
		uint32_t sequence, port;
	};
	struct {
		struct header header;
		uint8_t family, protocol;
		uint16_t padding;
		uint32_t states, inode, show, cookie[2];
	} request = {
		.header = { sizeof(request), DIAG_BY_FAMILY, REQUEST_DUMP, 0, 0 },
		.family = AF_VSOCK,
		.states = ~0u,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_DIAG);
	_Alignas(struct header) char answer[32768];
	ssize_t n = send(fd, &request, sizeof(request), 0);
	long count = 0;
	bool done = n < 0;

	while (!done && (n = recv(fd, answer, sizeof(answer), 0)) > 0)
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct header) <= n && !done;) {
			struct header *header = (struct header *)(answer + at);

			done = header->type != DIAG_BY_FAMILY;
			count += !done;
			at += (header->length + 3) / 4 * 4;
		}
	close(fd);
	return count;
}

static long count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	long lines = 0;
	int byte;

	while (file && (byte = getc(file)) != EOF)
		lines += byte == '\n';
	if (file)
		fclose(file);
	return lines;
}

enum { USED, TCP, ORPHANS, UDP, TCP6, UDP6, UNIX, VSOCK, SOCKETS };

static const char *const socket_kinds[SOCKETS] = {
	[USED] = "used", [TCP] = "TCP",	  [ORPHANS] = "orphaned", [UDP] = "UDP",
	[TCP6] = "TCP6", [UDP6] = "UDP6", [UNIX] = "UNIX",	  [VSOCK] = "vsock",
};

static void count_sockets(long counts[SOCKETS])
{
	counts[USED] = number_in("/proc/net/sockstat", "sockets: used ");
	counts[TCP] = number_in("/proc/net/sockstat", "TCP: inuse ");
	counts[UDP] = number_in("/proc/net/sockstat", "UDP: inuse ");
	counts[TCP6] = number_in("/proc/net/sockstat6", "TCP6: inuse ");
	counts[UDP6] = number_in("/proc/net/sockstat6", "UDP6: inuse ");
	/* -1 while others are in use */
	counts[ORPHANS] = number_in("/proc/net/sockstat", "TCP: inuse 0 orphan ");
	counts[UNIX] = count_lines("/proc/net/unix");
	counts[VSOCK] = count_vsock();
}

/* Closing takes some time: vsock waits for a host that does not answer. */
static void check_sockets(const long before[SOCKETS], bool host_lives, const char *what)
{
	double end = now() + (double)PATIENCE / 1000;
	long counts[SOCKETS];

	do {
		usleep(200000);
		count_sockets(counts);
		/* What waits for the host to take it has its socket until then. */
		if (!host_lives)
			counts[USED] = before[USED];
	} while (memcmp(counts, before, sizeof(counts)) && now() < end);
	check(0, !memcmp(counts, before, sizeof(counts)), what);
	for (int i = 0; i < SOCKETS; i++)
		if (counts[i] != before[i])
			printf("# %s: %ld sockets before, %ld after\n", socket_kinds[i], before[i],
			       counts[i]);
}

static long slab(void)
{
	return number_in("/proc/meminfo", "SUnreclaim:");
}

/* What the processes have had the kernel allocate is charged to their cgroup. */
#define CGROUP "/sys/fs/cgroup/stress"

static void check_charge(void)
{
	double end = now() + (double)PATIENCE / 1000;
	long left;

	while ((left = number_in(CGROUP "/memory.stat", "slab_unreclaimable ")) > 65536 &&
	       now() < end)
		usleep(200000);
	printf("# unreclaimable slab that the processes were charged: %ld bytes\n", left);
	check(0, left >= 0 && left <= 65536, "the kernel keeps nothing for processes that are gone");
}

/* With kmemleak in the kernel, have it look for what nobody can free. */
static void check_leaks(void)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";
	char line[256];
	FILE *file;

	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(path, F_OK))
		return;
	/* It counts as one what two scans have found, some seconds after it was made. */
	for (int i = 0; i < 2; i++) {
		sleep(6);
		file = fopen(path, "w");
		if (!file || fputs("scan", file) < 0 || fclose(file))
			break;
	}
	file = fopen(path, "r");
	check(0, file && !fgets(line, sizeof(line), file), "kmemleak finds nothing");
	while (file && !feof(file)) {
		printf("# %s", line);
		if (!fgets(line, sizeof(line), file))
			break;
	}
	if (file)
		fclose(file);
}

static void set(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return;
	fputs(value, file);
	fclose(file);
}

/* --- Phases --------------------------------------------------------------- */

static void start_worker(int worker)
{
	start.seed = (unsigned int)rand_r(&seed);
	workers[worker] = fork();
	if (workers[worker])
		return;
	set(CGROUP "/cgroup.procs", "0");
	setpriority(PRIO_PROCESS, 0, 0);
	be_user();
	stress_work(&start);
}

static bool open_shared(void)
{
	char bytes[4096] = "";

	/* As the user: to send to some ports of vsock takes who has opened the socket. */
	if (seteuid(1000))
		return false;
	for (int i = 0; i < STRESS_SHARED; i++)
		start.shared[i] = stress_any_socket(&seed);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, start.exchange))
		return false;
	start.file = memfd_create("stress", 0);
	for (int i = 0; i < 17; i++)
		if (write(start.file, bytes, sizeof(bytes)) < 0)
			return false;
	return !seteuid(0);
}

static void close_shared(void)
{
	for (int i = 0; i < STRESS_SHARED; i++)
		close(start.shared[i]);
	close(start.exchange[0]);
	close(start.exchange[1]);
	close(start.file);
}

static void disturb(int worker)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGIO, SIGSTOP, SIGCONT,
				       SIGCONT };
	unsigned int number = choose(2 * sizeof(signals) / sizeof(*signals));

	if (number < sizeof(signals) / sizeof(*signals)) {
		kill(workers[worker], signals[number]);
	} else {
		stress_kill(workers[worker]);
		start_worker(worker);
	}
}

static void run_phase(double seconds, long behaviour, enum event event)
{
	double half = now() + seconds / 2, end = now() + seconds;

	host_behave(behaviour);
	if (!open_shared())
		check(0, false, "sockets to share can be opened");
	for (int i = 0; i < WORKERS; i++)
		start_worker(i);
	while (now() < end) {
		usleep(20000 + choose(100000));
		disturb((int)choose(WORKERS));
		if (!choose(4))
			stress_tally->focus = (unsigned int)rand_r(&seed);
		if (now() < half)
			continue;
		if (event == EVENT_STOP)
			host("stop");
		else if (event == EVENT_RESET)
			host("reset");
		half = end + seconds;
	}
	/* All of them, their children too, with a host that is as bad as before. */
	stress_kill(-1);
	if (event == EVENT_STOP)
		host("continue");
	close_shared();
}

/* Every way to misbehave, as often as there is time for; and what is worse. */
static void run_phases(double seconds, long behaviours)
{
	double end = now() + seconds, each = seconds / (double)(behaviours + 3);

	/* Long ones find no more than short ones. */
	if (each > 6)
		each = 6;
	do {
		run_phase(each, 0, EVENT_STOP);
		run_phase(each, 0, EVENT_RESET);
		for (long i = 0; i <= behaviours; i++)
			run_phase(each, i, (enum event)choose(2 * EVENT_COUNT) % EVENT_COUNT);
	} while (now() + each < end);
	host_behave(0);
}

/* --- Before and after ----------------------------------------------------- */

/* The directory of the host's UNIX socket, in which the guest has sockets, too. */
static void make_directories(void)
{
	char path[100];

	host_path(path);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		chmod(path, 0777);
		*slash = '/';
	}
}

static void prepare(void)
{
	/* What TCP keeps of a connection for a minute is nothing that is left. */
	set("/proc/sys/net/ipv4/tcp_max_tw_buckets", "0");
	set("/proc/sys/net/ipv4/tcp_fin_timeout", "1");
	set("/proc/sys/net/ipv4/tcp_orphan_retries", "1");
	make_directories();
	mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	set("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	/* Children have them until they have handlers. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGALRM, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	/* The one who takes the time is not to wait for those whose time it takes. */
	setpriority(PRIO_PROCESS, 0, -20);
	stress_tally = mmap(NULL, sizeof(*stress_tally), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static bool all_calls_succeeded(void)
{
	for (unsigned int i = 0; stress_call_name(i); i++)
		if (!stress_tally->calls[i].succeeded)
			return false;
	return true;
}

static void check_calls(void)
{
	const char *name;

	for (unsigned int i = 0; (name = stress_call_name(i)); i++)
		printf("# %s: %lu calls, %lu successful\n", name, stress_tally->calls[i].tried,
		       stress_tally->calls[i].succeeded);
	check(0, all_calls_succeeded(), "each call has succeeded");
}

static void check_kills(void)
{
	printf("# %d processes killed, the slowest ended in %d ms\n", stress_tally->kills,
	       stress_tally->slowest * STRESS_TURN / 1000);
	/* A kernel that checks itself is slower, as the test knows. */
	check(0, stress_tally->kills > 0 &&
		      stress_tally->slowest < 2000000 / STRESS_TURN * argument("tsi_slower", 1),
	      "each process that was killed ended within 2 seconds");
}

/*
 * The allocator keeps pages that are partly used, sometimes a megabyte more than at
 * other times. Memory that is lost grows with each round, what is kept does not.
 */
static void check_slab(long before, const long sockets[SOCKETS], long behaviours)
{
	/* KASAN keeps freed memory for some time, as the test knows. */
	long limit = before + 1024 + argument("tsi_kept", 0);

	for (int round = 0; slab() > limit && round < 5; round++) {
		printf("# unreclaimable slab: %ld KiB before, %ld KiB so far\n", before, slab());
		run_phases(5, behaviours);
		check_sockets(sockets, true, "no socket is left after one more round");
	}
	printf("# unreclaimable slab: %ld KiB before, %ld KiB after\n", before, slab());
	check(0, slab() <= limit, "no more unreclaimable memory than before");
}

void check_stress(void)
{
	double seconds = (double)argument("tsi_seconds", 30);
	long behaviours = argument("tsi_behaviours", 0), sockets[SOCKETS], memory;
	int stream;

	seed = (unsigned int)argument("tsi_seed", (long)(time(NULL) & 0xffffff));
	printf("# tsi_seed=%u\n", seed);
	prepare();
	count_sockets(sockets);
	/* Some memory is needed once. */
	run_phases(seconds / 2, behaviours);
	check_sockets(sockets, true, "no socket is left after the first round");
	memory = slab();
	run_phases(seconds / 2, behaviours);
	/* A slow machine makes few calls. */
	for (int round = 0; !all_calls_succeeded() && round < 5; round++)
		run_phases(5, behaviours);
	check_sockets(sockets, true, "no socket is left");
	check_slab(memory, sockets, behaviours);
	check_charge();
	stream = stream_to("127.0.0.1", HOST_ECHO);
	check(0, stream >= 0 && echoes(stream, "alive"), "TSI works");
	close(stream);
	host("look");
	host("kill");
	run_phase(2, 0, EVENT_NONE);
	check_sockets(sockets, false, "no socket is left after the host was killed");
	check_kills();
	check_calls();
	check_leaks();
}
