/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of a guest that checks its own sockets. The kernel argument
 * tsi_test=SET,... says which sets of checks; the host side is guest-host.c.
 */
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static const struct {
	const char *name;
	void (*run)(void);
} sets[] = {
	{ "plain", check_plain },	{ "stream", check_stream },
	{ "listen", check_listen },	{ "forbidden", check_forbidden },
	{ "passed-over", check_passed_over },
	{ "time", check_time },		{ "hijack", check_hijack },
	{ "fail", check_fail },			{ "dgram", check_dgram },
	{ "unix", check_unix },		{ "slow", check_slow_host },
	{ "silent", check_silent_host },{ "many", check_many },
	{ "nameless", check_nameless_host },
	{ "storage-length", check_storage_length },
	{ "kinds", check_kinds },	{ "vsock", check_vsock_beside },
	{ "reset-request", check_reset_request },
	{ "no-response", check_no_response },
	{ "reset", check_reset },
	{ "reset-reverse", check_reset_reverse },
	{ "useless", check_useless_answers },
	{ "restored", check_restored },
	{ "restored-asking", check_restored_asking },
	{ "restored-refused", check_restored_refused },
	{ "restored-late", check_restored_late },
	{ "namespace", check_namespace },
	{ "hostile", check_hostile },
	{ "flood", check_flood },
	{ "stopped", check_stopped_host },
	{ "same", check_same },
	{ "same-unix", check_same_unix },
	{ "word-size", check_word_size },
	{ "bpf", check_bpf },
	{ "landlock", check_landlock },
	{ "stress", check_stress },
	{ "bench", check_bench },
};

/* Item 33, and all other sets need it. */
static void lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(33, !ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS brings lo up");
	close(fd);
}

int main(void)
{
	char line[4096] = "", *set;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/tmp", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	lo_up();

	FILE *file = fopen("/proc/cmdline", "r");
	if (file && fgets(line, sizeof(line), file) && (set = strstr(line, "tsi_test="))) {
		set[strcspn(set, " \n")] = '\0';
		for (set = strtok(set + strlen("tsi_test="), ","); set; set = strtok(NULL, ","))
			for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
				if (!strcmp(set, sets[i].name)) {
					printf("# %s\n", set);
					sets[i].run();
				}
	}
	check_done();
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
	return 0;
}
