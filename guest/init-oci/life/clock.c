// SPDX-License-Identifier: Apache-2.0
/* The clock, and the host's time to set it by. */
#include "life/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "devices/device_wait.h"

#define SECOND UINT64_C(1000000000)
#define TIME_PORT 123
/* Whoever sends more lets the others have a turn. */
#define DATAGRAMS_IN_A_ROW 64

/* Other PTP clocks may count TAI, which is some seconds away, or anything else. */
static bool is_kvm_clock(void)
{
	static const char name[] = "KVM virtual PTP\n";
	char text[sizeof(name)];
	ssize_t got;
	int fd = open("/sys/class/ptp/ptp0/clock_name", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text));
	close(fd);
	return got == sizeof(name) - 1 && !memcmp(text, name, sizeof(name) - 1);
}

bool clock_set_from_ptp(const struct clock_devices *devices)
{
	struct timespec now;

	return devices->ptp >= 0 &&
	       clock_gettime(clock_of_descriptor(devices->ptp), &now) == 0 &&
	       clock_settime(CLOCK_REALTIME, &now) == 0;
}

bool clock_agrees(uint64_t clock, uint64_t time, uint64_t tolerance)
{
	return (clock > time ? clock - time : time - clock) <= tolerance;
}

static int correct(uint64_t nanoseconds, uint64_t tolerance)
{
	const struct timespec time = {
		.tv_sec = (time_t)(nanoseconds / SECOND),
		.tv_nsec = (long)(nanoseconds % SECOND),
	};
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	if (clock_agrees((uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec, nanoseconds,
			 tolerance))
		return 0;
	return clock_settime(CLOCK_REALTIME, &time);
}

int clock_correct(uint64_t nanoseconds)
{
	return correct(nanoseconds, SECOND / 10);
}

/* The RTC counts seconds: the time is somewhere within the second that it shows. */
static void correct_from_rtc(int rtc)
{
	uint64_t seconds = 0;
	char text[24];
	ssize_t got = pread(rtc, text, sizeof(text), 0);

	for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
		seconds = seconds * 10 + (uint64_t)(text[i] - '0');
	if (seconds)
		(void)correct(seconds * SECOND + SECOND / 2, SECOND);
}

int clock_open_datagrams(void)
{
	const struct vsock_address address = {
		.family = AF_VSOCK, .port = TIME_PORT, .cid = VSOCK_CID_ANY,
	};
	int fd = socket(AF_VSOCK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool clock_receive_datagrams(int fd)
{
	unsigned char bytes[8];
	uint64_t nanoseconds = 0;
	ssize_t got = 0;

	/* A datagram may be longer. Only the host can have sent it. The last one counts. */
	for (int turn = 0; got >= 0 && turn < DATAGRAMS_IN_A_ROW; turn++) {
		got = recv(fd, bytes, sizeof(bytes), 0);
		if (got < (ssize_t)sizeof(bytes))
			continue;
		for (int i = 7; i >= 0; i--)
			nanoseconds = nanoseconds << 8 | bytes[i];
	}
	/* If the kernel does not take the time, nothing else can be done about it. */
	if (nanoseconds)
		(void)clock_correct(nanoseconds);
	return got >= 0;
}

/* Whether the driver has a device: every other entry of the driver's directory is a file. */
static bool has_generation_id(void)
{
	DIR *directory = opendir("/sys/bus/platform/drivers/vmgenid");
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)))
		found = entry->d_type == DT_LNK && strcmp(entry->d_name, "module") != 0;
	closedir(directory);
	return found;
}

void clock_open_devices(struct clock_devices *devices)
{
	devices->ptp = is_kvm_clock() ? open("/dev/ptp0", O_RDONLY | O_CLOEXEC) : -1;
	devices->rtc = open("/sys/class/rtc/rtc0/since_epoch", O_RDONLY | O_CLOEXEC);
	devices->generations = has_generation_id() ? device_events() : -1;
}

/* An event is strings, each with its '\0'. */
bool clock_is_new_generation(const char *event, size_t length)
{
	static const char variable[] = "NEW_VMGENID=";
	const size_t name_length = sizeof(variable) - 1;

	for (size_t i = 0; i < length; i += strnlen(event + i, length - i) + 1) {
		if (length - i >= name_length && !memcmp(event + i, variable, name_length))
			return true;
	}
	return false;
}

bool clock_receive_generation(const struct clock_devices *devices)
{
	char event[2048];
	ssize_t got = recv(devices->generations, event, sizeof(event), 0);

	if (got < 0 && errno != ENOBUFS)
		return false;
	/* A lost event may have been the right one. */
	if ((got < 0 || clock_is_new_generation(event, (size_t)got)) && !clock_set_from_ptp(devices))
		correct_from_rtc(devices->rtc);
	return true;
}
