// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps its terminal busy: a read of a line from it and a look at its size wait for pages
 * that only this program could fill in (userfaultfd), and it never does. A change of its
 * settings then waits for the read to end, and every look at them for the change.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define PAGE 4096

static void *look_at_size(void *page)
{
	ioctl(STDIN_FILENO, TIOCGWINSZ, page);
	return NULL;
}

static void *change_settings(void *nothing)
{
	struct termios settings;

	(void)nothing;
	for (;;) {
		if (tcgetattr(STDIN_FILENO, &settings) == 0)
			tcsetattr(STDIN_FILENO, TCSANOW, &settings);
		usleep(10000);
	}
}

int main(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)pages, 2 * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	pthread_t threads[2];

	/* Of the end of the terminal */
	signal(SIGHUP, SIG_IGN);
	if (pages == MAP_FAILED || faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0 ||
	    ioctl(faults, UFFDIO_REGISTER, &range) < 0 ||
	    pthread_create(&threads[0], NULL, look_at_size, pages) ||
	    pthread_create(&threads[1], NULL, change_settings, NULL) || write(STDOUT_FILENO, "x", 1) < 0)
		return 1;
	return read(STDIN_FILENO, pages + PAGE, PAGE) < 0;
}
