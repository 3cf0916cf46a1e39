// SPDX-License-Identifier: Apache-2.0
/*
 * Ways in which a container may try to keep its machine from ending. Runs in the guest:
 *
 *   hold [--end] WAY...
 *
 * A process for each way does it, and "WAY holds" or "WAY: REASON" is printed. After
 * "ready", this process stays for good, or with --end ends with status 7.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "hold_files.h"

static noreturn void stay(void)
{
	for (;;)
		pause();
}

static noreturn void spin(void)
{
	for (volatile unsigned long i = 0;; i++)
		;
}

/* A child that lives on. Returns its process, or -1. */
static pid_t child(void (*life)(void))
{
	const pid_t process = fork();

	if (process == 0) {
		life();
		_exit(0);
	}
	return process;
}

/* --- Processes */

static int processes(void)
{
	for (int i = 0; i < 300; i++) {
		if (child(stay) < 0)
			return -1;
	}
	return 0;
}

static void multiply(void)
{
	for (;;)
		fork();
}

static int fork_bomb(void)
{
	return child(multiply);
}

static void halt_self(void)
{
	for (;;)
		raise(SIGSTOP);
}

static int stopped(void)
{
	for (int i = 0; i < 20; i++) {
		if (child(halt_self) < 0)
			return -1;
	}
	return 0;
}

static void wait_in_vfork(void)
{
	if (vfork() == 0)
		stay();
}

static int vforked(void)
{
	return child(wait_in_vfork);
}

/* A tracee that was killed and stops once more, at its end, for good. */
static int traced(void)
{
	const pid_t tracee = child(stay);

	if (tracee < 0 ||
	    ptrace(PTRACE_SEIZE, tracee, NULL, (void *)PTRACE_O_TRACEEXIT) < 0)
		return -1;
	return kill(tracee, SIGKILL);
}

/* The container's own process: who traces it learns of its end instead of PID 1. */
static int traced_main(void)
{
	return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

/* It does not even come to its end. */
static int traced_to_the_end(void)
{
	return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, (void *)PTRACE_O_TRACEEXIT);
}

static void *stay_thread(void *unused)
{
	(void)unused;
	stay();
}

static void leave_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, stay_thread, NULL);
	/* Not exit(): the other thread lives on, and this one is a zombie. */
	syscall(SYS_exit, 0);
}

static int leaderless(void)
{
	return child(leave_thread);
}

static void nest(void)
{
	for (int depth = 0; depth < 30; depth++) {
		/* A zombie in each. */
		if (fork() == 0)
			_exit(0);
		if (own_namespaces(CLONE_NEWPID) < 0 || fork() != 0)
			break;
		signal(SIGTERM, SIG_IGN);
	}
	stay();
}

static int pid_namespaces(void)
{
	return child(nest);
}

static void daemonize(void)
{
	setsid();
	if (fork() > 0)
		_exit(0);
	chroot("/tmp");
	stay();
}

static int daemons(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return child(daemonize);
}

/* --- Requests without an answer */

static int io_uring(void)
{
	struct uring_parameters parameters = { 0 };
	struct uring_entry *entries;
	unsigned int *indices;
	static char byte;
	char *ring;
	int pipe_ends[2], fd;

	fd = (int)syscall(SYS_io_uring_setup, 4, &parameters);
	if (fd < 0 || pipe(pipe_ends) < 0)
		return -1;
	ring = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, URING_RING);
	entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, URING_ENTRIES);
	if (ring == MAP_FAILED || entries == MAP_FAILED)
		return -1;
	entries[0] = (struct uring_entry){
		.operation = URING_READ, .fd = pipe_ends[0], .offset = UINT64_MAX,
		.address = (uintptr_t)&byte, .length = 1, .flags = URING_ASYNC,
	};
	indices = (unsigned int *)(ring + parameters.submission.array);
	indices[0] = 0;
	__atomic_store_n((unsigned int *)(ring + parameters.submission.tail), 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

static char *missing_page;

static void *use_missing_page(void *pipe_end)
{
	/* Without rights it is not for the kernel to wait. */
	if (geteuid() == 0)
		write(*(int *)pipe_end, missing_page, 4096);
	else
		*(volatile char *)missing_page = 1;
	return NULL;
}

/* A page that is never given. */
static int userfault(void)
{
	struct userfault_api api = { .version = USERFAULT_VERSION };
	const int fd = (int)syscall(SYS_userfaultfd, geteuid() == 0 ? 0 : USERFAULT_USER_ONLY);
	struct userfault_range range = { .length = 4096, .mode = 1 };
	static int pipe_ends[2];
	pthread_t thread;

	missing_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.start = (uintptr_t)missing_page;
	if (fd < 0 || missing_page == MAP_FAILED || pipe(pipe_ends) < 0 ||
	    ioctl(fd, USERFAULT_API, &api) < 0 || ioctl(fd, USERFAULT_REGISTER, &range) < 0)
		return -1;
	errno = pthread_create(&thread, NULL, use_missing_page, &pipe_ends[1]);
	return errno ? -1 : 0;
}

static int inotify(void)
{
	const int fd = inotify_init();

	for (int i = 0; i < 2000; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/tmp/watched%d", i);
		if (mkdir(path, 0700) < 0 || inotify_add_watch(fd, path, IN_ALL_EVENTS) < 0)
			return -1;
	}
	return 0;
}

/* Nobody opens a file before this process has allowed it. */
static int open_permission(void)
{
	static const char *const places[] = { "/", "/dev", "/sys", "/dev/shm" };
	const int fd = (int)syscall(SYS_fanotify_init, FANOTIFY_CONTENT, O_RDONLY);

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (syscall(SYS_fanotify_mark, fd, FANOTIFY_ADD | FANOTIFY_FILE_SYSTEM,
			    FANOTIFY_OPEN_PERMISSION | FANOTIFY_ACCESS_PERMISSION, AT_FDCWD,
			    places[i]) < 0 && i == 0)
			return -1;
	}
	/* It waits for itself. */
	if (fork() == 0) {
		open("/etc/passwd", O_RDONLY);
		_exit(0);
	}
	return 0;
}

/* --- Files and mounts */

static int tree(void)
{
	char name[32], value[1024] = "";

	if (chdir("/tmp") < 0)
		return -1;
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
		setxattr(name, "user.filling", value, sizeof(value), 0);
		if (mkdir("deep", 0700) < 0 || chdir("deep") < 0)
			return -1;
	}
	return 0;
}

static int mounts(void)
{
	if (own_namespaces(geteuid() == 0 ? 0 : CLONE_NEWNS) < 0)
		return -1;
	for (int i = 0; i < 3000; i++) {
		if (mount("/tmp", "/tmp", NULL, MS_BIND, NULL) < 0)
			return -1;
	}
	return 0;
}

static int propagation(void)
{
	if (mkdir("/tmp/many", 0700) < 0 ||
	    mount("many", "/tmp/many", "tmpfs", 0, NULL) < 0 ||
	    mount(NULL, "/tmp/many", NULL, MS_SHARED, NULL) < 0)
		return -1;
	for (int i = 0; i < 12; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/tmp/many/%d", i);
		if (mkdir(path, 0700) < 0)
			return -1;
		/* As many as there can be. */
		if (mount("/tmp/many", path, NULL, MS_BIND | MS_REC, NULL) < 0)
			return errno == ENOSPC ? 0 : -1;
	}
	return 0;
}

static void own_network(void)
{
	own_namespaces(CLONE_NEWNET);
	stay();
}

static int networks(void)
{
	for (int i = 0; i < 60; i++) {
		if (child(own_network) < 0)
			return -1;
	}
	return 0;
}

static int hidden(void)
{
	static const char *const places[] = { "/proc", "/sys", "/dev", "/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (umount2(places[i], MNT_DETACH) < 0 && errno != EINVAL)
			return -1;
		if (mount("empty", places[i], "tmpfs", 0, NULL) < 0)
			return -1;
	}
	return 0;
}

static int detached(void)
{
	return umount2("/", MNT_DETACH);
}

/* Mounts the disk, with something that is not written yet. Returns that file, or -1. */
static int dirty_file(const char *disk)
{
	int file;

	if (mkdir("/tmp/disk", 0700) < 0 || mount(disk, "/tmp/disk", "ext4", 0, NULL) < 0)
		return -1;
	file = open("/tmp/disk/file", O_CREAT | O_RDWR, 0600);
	return write(file, "text", 4) == 4 ? file : -1;
}

/* The disk of a file system to which nothing can be written until it is thawed. */
static int frozen_disk(void)
{
	char disk[32];
	const int file = find_disk(disk, sizeof(disk)) < 0 ? -1 : dirty_file(disk);

	if (file < 0 || ioctl(file, FREEZE, 0) < 0)
		return -1;
	if (fork() == 0)
		write(file, "text", 4);
	return 0;
}

/* A disk that takes nothing. */
static int suspended_disk(void)
{
	char disk[32];
	int file;

	if (find_disk(disk, sizeof(disk)) < 0 ||
	    device_mapper(MAPPER_CREATE, 0, NULL) < 0 ||
	    device_mapper(MAPPER_LOAD, 0, disk) < 0 ||
	    device_mapper(MAPPER_SUSPEND, 0, NULL) < 0)
		return -1;
	file = dirty_file("/dev/dm-0");
	if (file < 0 ||
	    device_mapper(MAPPER_SUSPEND,
			  MAPPER_SUSPENDED | MAPPER_WITHOUT_FREEZE | MAPPER_WITHOUT_FLUSH,
			  NULL) < 0)
		return -1;
	write(file, "more", 4);
	if (fork() == 0)
		fsync(file);
	return 0;
}

/* --- The scheduler, time and processors */

static void spin_first(void)
{
	const struct sched_param highest = { .sched_priority = 99 };

	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &highest) < 0)
		_exit(1);
	spin();
}

static int first(void)
{
	const long count = sysconf(_SC_NPROCESSORS_ONLN);

	write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	for (long i = 0; i < count + 1; i++) {
		if (child(spin_first) < 0)
			return -1;
	}
	return 0;
}

static void spin_to_deadline(void)
{
	/* runtime, deadline and period, in nanoseconds */
	const struct schedule schedule = {
		.size = sizeof(schedule), .policy = SCHEDULE_DEADLINE, .runtime = 900000000, .deadline = 1000000000,
		.period = 1000000000,
	};

	if (syscall(SYS_sched_setattr, 0, &schedule, 0) < 0)
		_exit(1);
	spin();
}

static int deadline(void)
{
	return child(spin_to_deadline);
}

static void spin_nicely(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
	spin();
}

/* PID 1 runs only when nobody else wants to, and they always do. */
static int last(void)
{
	const struct sched_param none = { 0 };
	const unsigned long processor = 1;

	if (syscall(SYS_sched_setscheduler, 1, SCHED_IDLE, &none) < 0 ||
	    syscall(SYS_sched_setaffinity, 1, sizeof(processor), &processor) < 0)
		return -1;
	for (int i = 0; i < 20; i++) {
		if (child(spin_nicely) < 0)
			return -1;
	}
	return 0;
}

static int slack(void)
{
	return write_text("/proc/1/timerslack_ns", "4000000000000000000");
}

static int wrong_time(void)
{
	const struct timeval far = { .tv_sec = 8000000000 };

	return settimeofday(&far, NULL);
}

static int processors(void)
{
	return write_text("/sys/devices/system/cpu/cpu1/online", "0");
}

/* --- Cgroups */

static int cgroups(void)
{
	char path[64];

	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/many%d", i);
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	return 0;
}

static int freeze(pid_t process)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", process);
	if (mkdir("/sys/fs/cgroup/frozen", 0755) < 0 && errno != EEXIST)
		return -1;
	return write_text("/sys/fs/cgroup/frozen/cgroup.procs", text) < 0 ||
	       write_text("/sys/fs/cgroup/frozen/cgroup.freeze", "1") < 0 ? -1 : 0;
}

static int frozen(void)
{
	return freeze(child(stay));
}

static int frozen_main(void)
{
	return freeze(getppid());
}

/* --- What PID 1 needs */

static int no_processes(void)
{
	write_text("/proc/sys/kernel/pid_max", "301");
	return write_text("/proc/sys/kernel/threads-max", "20");
}

static int limits(void)
{
	static const int resources[] = {
		RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_FSIZE,
		RLIMIT_MEMLOCK, RLIMIT_SIGPENDING,
	};

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (prlimit(1, resources[i], &(struct rlimit){ 0, 0 }, NULL) < 0)
			return -1;
	}
	return 0;
}

static void send_signals(void)
{
	for (;;)
		sigqueue(1, SIGRTMIN + 5, (union sigval){ 0 });
}

static int signals(void)
{
	return kill(1, 0) < 0 || child(send_signals) < 0 ? -1 : 0;
}

static void crash(void)
{
	abort();
}

static int core_helper(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (write_text("/proc/sys/kernel/core_pattern", "|/test/hold stay") < 0 ||
	    setrlimit(RLIMIT_CORE, &unlimited) < 0)
		return -1;
	write_text("/proc/sys/kernel/core_pipe_limit", "4");
	return child(crash);
}

static void send_times(void)
{
	const struct vsock_address address = { .family = AF_VSOCK, .port = 123, .cid = 1 };
	const int fd = socket(AF_VSOCK, SOCK_DGRAM, 0);
	const uint64_t time = 1;

	for (;;)
		sendto(fd, &time, sizeof(time), 0, (const struct sockaddr *)&address, sizeof(address));
}

static int times(void)
{
	return child(send_times);
}

/* --- The console */

static int console_of(int flags)
{
	return open("/dev/console", flags | O_NOCTTY);
}

static int line_control(void)
{
	struct termios settings;

	if (tcgetattr(STDERR_FILENO, &settings) < 0)
		return -1;
	settings.c_cflag |= CRTSCTS;
	settings.c_iflag |= IXON;
	settings.c_lflag |= TOSTOP;
	cfsetospeed(&settings, B50);
	return tcsetattr(STDERR_FILENO, TCSANOW, &settings);
}

static int redirected(void)
{
	char name[32];
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number, slave;

	if (master < 0 || ioctl(master, TIOCGPTN, &number) < 0 ||
	    ioctl(master, TIOCSPTLCK, &(int){ 0 }) < 0)
		return -1;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	slave = open(name, O_RDWR | O_NOCTTY);
	if (slave < 0 || ioctl(slave, TCXONC, TCOOFF) < 0)
		return -1;
	return ioctl(slave, TIOCCONS);
}

static int hung_up(void)
{
	const int fd = console_of(O_RDWR);

	return fd < 0 ? -1 : ioctl(fd, TIOCVHANGUP);
}

static int locked(void)
{
	struct termios all;
	const int fd = console_of(O_RDWR);

	memset(&all, 0xff, sizeof(all));
	return fd < 0 || ioctl(fd, TIOCSLCKTRMIOS, &all) < 0 || ioctl(fd, TIOCEXCL) < 0 ||
	       ioctl(fd, TCXONC, TCOOFF) < 0 ? -1 : 0;
}

static void log_without_end(void)
{
	const int fd = open("/dev/kmsg", O_WRONLY);

	for (;;)
		write(fd, "<0>log\n", 7);
}

static int kernel_log(void)
{
	return child(log_without_end);
}

/* --- Memory */

static void fill_file(const char *path)
{
	static char block[65536];
	const int fd = open(path, O_CREAT | O_WRONLY, 0600);

	memset(block, 'x', sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
}

static int full_files(void)
{
	if (fork() == 0) {
		fill_file("/dev/shm/full");
		fill_file("/tmp/full");
		stay();
	}
	return 0;
}

static void fill_memory(void)
{
	write_text("/proc/self/oom_score_adj", "-1000");
	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (;;)
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		     -1, 0);
}

static int locked_memory(void)
{
	return child(fill_memory);
}

/* --- The machine */

static int unplugged(void)
{
	char path[128], name[32];
	int unplugged = 0;

	for (int i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "virtio%d", i);
		snprintf(path, sizeof(path), "/sys/bus/virtio/drivers/virtio_console/%s", name);
		if (access(path, F_OK) == 0)
			unplugged += write_text("/sys/bus/virtio/drivers/virtio_console/unbind", name) == 0;
	}
	return unplugged ? 0 : -1;
}

static int halt(void)
{
	sync();
	return reboot(RB_HALT_SYSTEM);
}

static int panic(void)
{
	if (write_text("/proc/sys/kernel/panic", "0") < 0 ||
	    write_text("/proc/sys/vm/panic_on_oom", "2") < 0)
		return -1;
	return child(fill_memory);
}

static const struct way {
	const char *name;
	int (*begin)(void);
	bool with_main;	/* its process is to be the container's */
} ways[] = {
	{ "processes", processes, false },
	{ "fork-bomb", fork_bomb, false },
	{ "stopped", stopped, false },
	{ "vforked", vforked, false },
	{ "traced", traced, false },
	{ "traced-main", traced_main, false },
	{ "traced-to-the-end", traced_to_the_end, false },
	{ "leaderless", leaderless, false },
	{ "pid-namespaces", pid_namespaces, false },
	{ "daemons", daemons, false },
	{ "io_uring", io_uring, false },
	{ "userfault", userfault, false },
	{ "inotify", inotify, false },
	{ "open-permission", open_permission, false },
	{ "fuse", fuse_unanswered, false },
	{ "fuse-main", fuse_unanswered, true },
	{ "fuse-aio", fuse_aio, false },
	{ "fuse-loop", fuse_loop, false },
	{ "fuse-root", fuse_root, false },
	{ "tree", tree, false },
	{ "mounts", mounts, false },
	{ "propagation", propagation, false },
	{ "networks", networks, false },
	{ "hidden", hidden, false },
	{ "detached", detached, false },
	{ "frozen-disk", frozen_disk, false },
	{ "suspended-disk", suspended_disk, false },
	{ "first", first, false },
	{ "deadline", deadline, false },
	{ "last", last, false },
	{ "slack", slack, false },
	{ "wrong-time", wrong_time, false },
	{ "processors", processors, false },
	{ "cgroups", cgroups, false },
	{ "frozen", frozen, false },
	{ "frozen-main", frozen_main, false },
	{ "no-processes", no_processes, false },
	{ "limits", limits, false },
	{ "signals", signals, false },
	{ "core-helper", core_helper, false },
	{ "times", times, false },
	{ "line-control", line_control, false },
	{ "redirected", redirected, false },
	{ "hung-up", hung_up, false },
	{ "locked", locked, false },
	{ "kernel-log", kernel_log, false },
	{ "full-files", full_files, false },
	{ "locked-memory", locked_memory, false },
	{ "unplugged", unplugged, false },
	{ "halt", halt, false },
	{ "panic", panic, false },
};

static int begin(const struct way *way)
{
	const int result = way->begin();

	if (result < 0)
		printf("%s: %s\n", way->name, strerror(errno));
	else
		printf("%s holds\n", way->name);
	fflush(stdout);
	return result;
}

/* Returns when the way is begun, whose process stays. */
static void begin_apart(const struct way *way)
{
	int pipe_ends[2];
	char end;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return;
	if (fork() == 0) {
		begin(way);
		write(pipe_ends[1], "", 1);
		stay();
	}
	close(pipe_ends[1]);
	read(pipe_ends[0], &end, 1);
	close(pipe_ends[0]);
}

static const struct way *find(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	}
	fprintf(stderr, "hold: there is no way %s\n", name);
	exit(2);
}

int main(int count, char **arguments)
{
	const bool end = count > 1 && !strcmp(arguments[1], "--end");
	const struct way *own = NULL;

	for (int number = 1; number < NSIG; number++) {
		if (number != SIGCHLD && number != SIGABRT)
			signal(number, SIG_IGN);
	}
	if (count > 1 && !strcmp(arguments[1], "stay"))
		stay();
	for (int i = end ? 2 : 1; i < count; i++) {
		const struct way *way = find(arguments[i]);

		if (way->with_main)
			own = way;
		else
			begin_apart(way);
	}
	if (own)
		begin(own);
	puts("ready");
	fflush(stdout);
	if (end)
		return 7;
	stay();
}
