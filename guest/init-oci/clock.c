// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "linux_abi.h"

#define SECOND UINT64_C(1000000000)
#define TOLERANCE (SECOND / 10)
#define TIME_PORT 123

/* Other PTP clocks may count TAI, or anything: it is some seconds away. */
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

void clock_set_from_ptp(void)
{
	struct timespec now;
	int fd;

	if (!is_kvm_clock())
		return;
	fd = open("/dev/ptp0", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (clock_gettime(clock_of_descriptor(fd), &now) == 0)
		clock_settime(CLOCK_REALTIME, &now);
	close(fd);
}

bool clock_agrees(uint64_t clock, uint64_t time)
{
	return (clock > time ? clock - time : time - clock) <= TOLERANCE;
}

int clock_correct(uint64_t nanoseconds)
{
	const struct timespec time = {
		.tv_sec = (time_t)(nanoseconds / SECOND),
		.tv_nsec = (long)(nanoseconds % SECOND),
	};
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	if (clock_agrees((uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec, nanoseconds))
		return 0;
	return clock_settime(CLOCK_REALTIME, &time);
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

void clock_receive_datagrams(int fd)
{
	unsigned char bytes[8];
	uint64_t nanoseconds = 0;
	ssize_t got;

	/* A datagram may be longer. Only the host can have sent it. The last one counts. */
	while ((got = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		if (got < (ssize_t)sizeof(bytes))
			continue;
		for (int i = 7; i >= 0; i--)
			nanoseconds = nanoseconds << 8 | bytes[i];
	}
	/* A time that the kernel does not take is no better than none. */
	if (nanoseconds)
		(void)clock_correct(nanoseconds);
}
