// SPDX-License-Identifier: Apache-2.0
/* The console, and the lines that this program writes to it. */
#include "base/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/errors.h"

#define WAIT_MILLISECONDS 1000
#define DRAIN_SECONDS 2

static int open_once(int flags)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC | flags);

	return fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;
}

void console_open(void)
{
	/* Opened twice: O_NONBLOCK belongs to what was opened, and programs do not expect it. */
	int blocking = open_once(0), own;

	if (blocking < 0)
		return;
	for (int stream = 0; stream <= 2; stream++)
		dup2(blocking, stream);
	if (blocking > 2)
		close(blocking);
	own = open_once(O_NONBLOCK);
	if (own >= 0 && own != CONSOLE_FILENO) {
		dup3(own, CONSOLE_FILENO, O_CLOEXEC);
		close(own);
	}
}

/* Returns false when the time is up. */
static bool wait_until_writable(int *milliseconds)
{
	struct pollfd console = { .fd = CONSOLE_FILENO, .events = POLLOUT };
	/* One at a time: a program may take what room there is each time. */
	const int turn = 50;

	if (*milliseconds <= 0)
		return false;
	deadline_be_exact();
	poll(&console, 1, turn);
	*milliseconds -= turn;
	return true;
}

static void put(const char *text, size_t length)
{
	int milliseconds = WAIT_MILLISECONDS, fd = CONSOLE_FILENO;

	/* Whoever may can direct what is for the console to a terminal that nobody reads. */
	ioctl(fd, TIOCCONS);
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written >= 0) {
			text += written;
			length -= (size_t)written;
		} else if (errno == EBADF && fd != STDERR_FILENO) {
			/* Before console_open() there is only what the kernel may have opened. */
			fd = STDERR_FILENO;
		} else if (errno != EAGAIN || !wait_until_writable(&milliseconds)) {
			/* There is nowhere to report this. */
			return;
		}
	}
}

void console_line(const char *const parts[])
{
	char line[512];
	size_t length = text_join(line, sizeof(line) - 1, parts);

	line[length++] = '\n';
	put(line, length);
}

void console_new_line(void)
{
	put("\n", 1);
}

void console_resume(void)
{
	int discipline = 0;

	/* Whoever has the console may have given it another, to which nothing is written. */
	if (ioctl(CONSOLE_FILENO, TIOCGETD, &discipline) == 0 && discipline != 0)
		ioctl(CONSOLE_FILENO, TIOCSETD, &(int){ 0 });
	/* Only who has stopped it can go on: Ctrl-S is not undone by TCOON alone. */
	ioctl(CONSOLE_FILENO, TCXONC, TCOOFF);
	ioctl(CONSOLE_FILENO, TCXONC, TCOON);
}

static void drain(const void *subject)
{
	(void)subject;
	ioctl(CONSOLE_FILENO, TCSBRK, 1);
}

void console_drain(void)
{
	int left;

	/* What the driver has passed on, the device sends; no process is needed to wait. */
	if (ioctl(CONSOLE_FILENO, TIOCOUTQ, &left) == 0 && left == 0)
		drain(NULL);
	else
		deadline_run(drain, NULL, DRAIN_SECONDS);
}
