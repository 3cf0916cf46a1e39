// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps its terminal busy: a read of a line from it and a look at its size wait for pages
 * that only this program could fill in (userfaultfd), and it never does.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

static void *look_at_size(void *page)
{
	ioctl(STDIN_FILENO, TIOCGWINSZ, page);
	return NULL;
}

int main(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)pages, 2 * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	pthread_t thread;

	/* Of the end of the terminal */
	signal(SIGHUP, SIG_IGN);
	if (pages == MAP_FAILED || faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0 ||
	    ioctl(faults, UFFDIO_REGISTER, &range) < 0 ||
	    pthread_create(&thread, NULL, look_at_size, pages) || write(STDOUT_FILENO, "x", 1) < 0)
		return 1;
	return read(STDIN_FILENO, pages + PAGE, PAGE) < 0;
}
