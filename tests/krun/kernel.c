// SPDX-License-Identifier: Apache-2.0
/*
 * kernel take LIBRARY FILE: do as libkrun does with libkrunfw: write the kernel's
 * bytes to FILE, and print its load address, its entry address and its size.
 *
 * kernel check LIBRARY FILE: check that everyone who asks gets the bytes of FILE, and
 * may write to them. LIBRARY is removed. A line for each check.
 *
 * kernel compare LIBRARY FILE: only whether these are its bytes.
 *
 * kernel time LIBRARY: print the microseconds that dlopen() and krunfw_get_kernel() take,
 * of many attempts the shortest, and the KiB of the kernel that are resident then.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRANULE 65536
#define ATTEMPTS 50

struct kernel {
	void *library;
	char *bytes;
	size_t load;
	size_t entry;
	size_t size;
};

static void die(const char *what)
{
	fprintf(stderr, "kernel: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *symbol(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (found == NULL) {
		fprintf(stderr, "kernel: %s\n", dlerror());
		exit(1);
	}
	return found;
}

static struct kernel get(void *library)
{
	struct kernel kernel = { .library = library };
	char *(*get_kernel)(size_t *, size_t *, size_t *);

	*(void **)&get_kernel = symbol(library, "krunfw_get_kernel");
	kernel.bytes = get_kernel(&kernel.load, &kernel.entry, &kernel.size);
	return kernel;
}

static struct kernel load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "kernel: %s\n", dlerror());
		exit(1);
	}
	return get(library);
}

static int take(const char *path, const char *file)
{
	struct kernel kernel = load(path);
	FILE *out = fopen(file, "wb");

	if (out == NULL || fwrite(kernel.bytes, 1, kernel.size, out) != kernel.size || fclose(out) != 0)
		die(file);
	return printf("%zu %zu %zu\n", kernel.load, kernel.entry, kernel.size) < 0;
}

/* What proc_pid_smaps(5) says of the mapping that address is in: -1 if nothing. */
static long resident(const void *address, char permissions[5])
{
	uintptr_t start, end, wanted = (uintptr_t)address;
	char line[4096], access[5];
	bool inside = false;
	long size = -1;
	FILE *smaps = fopen("/proc/self/smaps", "r");

	if (smaps == NULL)
		die("smaps");
	while (size < 0 && fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, access) == 3) {
			inside = start <= wanted && wanted < end;
			if (inside)
				memcpy(permissions, access, sizeof(access));
		} else if (inside) {
			sscanf(line, "Rss: %ld kB", &size);
		}
	}
	fclose(smaps);
	return size;
}

static bool failed;

static void check(const char *what, bool good)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
	failed = failed || !good;
}

static char *wanted;
static size_t wanted_size;

static void read_wanted(const char *file)
{
	FILE *in = fopen(file, "rb");

	if (in == NULL || fseek(in, 0, SEEK_END) < 0)
		die(file);
	wanted_size = (size_t)ftell(in);
	wanted = malloc(wanted_size);
	rewind(in);
	if (wanted == NULL || fread(wanted, 1, wanted_size, in) != wanted_size)
		die(file);
	fclose(in);
}

static bool is_fresh(const struct kernel *kernel)
{
	return kernel->bytes != NULL && kernel->size == wanted_size &&
	       memcmp(kernel->bytes, wanted, wanted_size) == 0;
}

/* As a guest does, on every page. */
static void scribble(struct kernel *kernel, char with)
{
	memset(kernel->bytes, with, kernel->size);
}

static bool is_scribbled(const struct kernel *kernel, char with)
{
	return kernel->bytes[0] == with && memcmp(kernel->bytes, kernel->bytes + 1, kernel->size - 1) == 0;
}

static bool in_child(bool (*job)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(job() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void *open_library;

static bool gets_fresh(void)
{
	struct kernel kernel = get(open_library);

	if (!is_fresh(&kernel))
		return false;
	scribble(&kernel, 'c');
	kernel = get(open_library);
	return is_fresh(&kernel);
}

static char **arguments;

static bool program_gets_fresh(void)
{
	execl("/proc/self/exe", arguments[0], "compare", arguments[2], arguments[3], (char *)NULL);
	return false;
}

/* Pages of the address space. */
static long pages_taken(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	long pages = -1;

	if (statm == NULL || fscanf(statm, "%ld", &pages) != 1)
		die("statm");
	fclose(statm);
	return pages;
}

/* Nothing is left of a kernel that its caller has unmapped. */
static bool leaves_nothing(void)
{
	const long before = pages_taken();
	int i;

	for (i = 0; i < 4; i++) {
		struct kernel kernel = get(open_library);

		if (kernel.bytes == NULL || munmap(kernel.bytes, kernel.size) < 0)
			return false;
	}
	/* What the C library has taken for itself is less than one kernel. */
	return pages_taken() - before < (long)(wanted_size / (size_t)sysconf(_SC_PAGESIZE));
}

/* As Linux before 5.13 answers. */
static void refuse_mremap(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		die("seccomp");
}

static bool gets_fresh_without_mremap(void)
{
	refuse_mremap();
	return gets_fresh();
}

static bool leaves_nothing_without_mremap(void)
{
	refuse_mremap();
	return leaves_nothing();
}

static int check_all(const char *path, const char *file)
{
	struct kernel first = load(path), second;
	int (*get_version)(void);
	char permissions[5] = "";
	long size = resident(first.bytes, permissions);

	read_wanted(file);
	open_library = first.library;
	*(void **)&get_version = symbol(first.library, "krunfw_get_version");
	check("the version is 5", get_version() == 5);
	check("no page of it is resident", size == 0);
	check("its pages are private, writable and not executable", strcmp(permissions, "rw-p") == 0);
	check("addresses and size are multiples of 64 KiB",
	      ((uintptr_t)first.bytes | first.load | first.size) % GRANULE == 0);
	check("the entry is within", first.entry >= first.load && first.entry - first.load < first.size);
	check("the bytes are those of the asset", is_fresh(&first));

	scribble(&first, 'a');
	check("a program of its own gets a fresh kernel, when a guest has written to this one",
	      in_child(program_gets_fresh));
	second = load(path);
	check("so does one that loads the library a second time", is_fresh(&second));
	check("which is another one", second.bytes != first.bytes);
	scribble(&second, 'b');
	check("so does a forked process, twice", in_child(gets_fresh));
	check("and one without MREMAP_DONTUNMAP", in_child(gets_fresh_without_mremap));
	check("a kernel that is unmapped leaves no address space taken", in_child(leaves_nothing));
	check("nor without MREMAP_DONTUNMAP", in_child(leaves_nothing_without_mremap));

	if (unlink(path) < 0)
		die(path);
	dlclose(first.library);
	second = get(open_library);
	check("so does a caller after the library's file has been removed", is_fresh(&second));
	dlclose(first.library);
	check("a kernel outlives the library", is_scribbled(&first, 'a') && is_fresh(&second));
	return failed;
}

static int compare(const char *path, const char *file)
{
	struct kernel kernel = load(path);

	read_wanted(file);
	return !is_fresh(&kernel);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int measure(const char *path)
{
	double best = 1e9;
	long size = 0;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		char permissions[5];
		double start = now(), took;
		struct kernel kernel = load(path);

		took = now() - start;
		if (took < best)
			best = took;
		size += resident(kernel.bytes, permissions);
		munmap(kernel.bytes, kernel.size);
		dlclose(kernel.library);
	}
	return printf("%.0f %ld\n", best, size) < 0;
}

int main(int argc, char **argv)
{
	arguments = argv;
	if (argc == 4 && strcmp(argv[1], "take") == 0)
		return take(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "check") == 0)
		return check_all(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "compare") == 0)
		return compare(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "time") == 0)
		return measure(argv[2]);
	fputs("Usage: kernel take|check|compare LIBRARY FILE | time LIBRARY\n", stderr);
	return 2;
}
