// SPDX-License-Identifier: Apache-2.0
/* The commands of the runtime. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "packet.h"
#include "relay.h"
#include "supervise.h"
#include "terminal.h"
#include "text.h"

static const char usage[] =
	"Usage: runtime run [--accelerator=kvm|tcg] [--terminal] NAME CONFIG LAYER...\n"
	"       runtime exec [--terminal] [--interactive] NAME COMMAND [ARGUMENT]...\n"
	"       runtime cp NAME:PATH DIRECTORY | PATH NAME:DIRECTORY\n"
	"       runtime ps | stats | pause | resume NAME\n"
	"       runtime stop [--seconds=N] NAME\n"
	"       runtime supervise NAME\n"
	"       runtime attach NAME [ID]\n"
	"Before any of them: --state=DIRECTORY [$HOME/.local/state/runtime]\n";

struct options {
	const char *state, *accelerator, *seconds;
	bool terminal, interactive;
	char **words;			/* what is left, and a NULL */
	int count;
};

static void need_words(const struct options *options, int least, int most)
{
	if (options->count < least || options->count > most) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* A name stays in its place. */
static char *directory_of(const struct options *options, const char *name)
{
	if (!*name || *name == '.' || strchr(name, '/'))
		errx(2, "%s: is no name for a container", name);
	return text("%s/%s", options->state, name);
}

static bool machine_runs(const char *directory)
{
	const int fd = packet_connect(text("%s/control", directory), SOCK_STREAM);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int connect_to_supervisor(const char *directory)
{
	const int fd = packet_connect(text("%s/runtime", directory), SOCK_SEQPACKET);

	if (fd >= 0)
		return fd;
	if (machine_runs(directory))
		errx(1, "%s: is running, but its supervisor has ended: `runtime supervise` goes on",
		     directory);
	errx(1, "%s: is not running", directory);
}

/* ------------------------------------------------------------------------------ run */

static void make_directories(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0700);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		err(1, "%s", path);
}

/* Of one supervisor at a time: it holds the lock as long as it lives. */
static int listen_for_commands(const char *directory)
{
	char *path = text("%s/runtime", directory);
	const int lock = open(text("%s/lock", directory), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int listener;

	if (lock < 0)
		err(1, "%s/lock", directory);
	if (lockf(lock, F_TLOCK, 0) < 0)
		errx(1, "%s: is supervised already", directory);
	unlink(path);
	listener = packet_listen(path);
	if (listener < 0)
		err(1, "%s", path);
	return listener;
}

/* The supervisor is nobody's: not the person's, whose terminal may go. */
static void detach(const char *directory)
{
	const int null = open("/dev/null", O_RDWR);
	const int log = open(text("%s/log", directory), O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	if (null < 0 || log < 0)
		err(1, "%s/log", directory);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(null);
	close(log);
}

/* Listens before anybody may connect, and says so by being asked. */
static void start_supervisor(const char *directory, char **machine)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		err(1, "pipe");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0: {
		const int listener = listen_for_commands(directory);

		close(ready[0]);
		detach(directory);
		if (write(ready[1], "", 1) < 0)
			err(1, "pipe");
		close(ready[1]);
		exit(supervise(directory, listener, machine));
	}
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		exit(1);
	close(ready[0]);
}

static int connect_to_machine(const char *directory, const char *name, int supervisor)
{
	char *path = text("%s/%s", directory, name), byte;
	int fd = packet_connect(path, SOCK_STREAM);

	/* Until QEMU has made it, or has ended. */
	while (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED) &&
	       recv(supervisor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) {
		usleep(20 * 1000);
		fd = packet_connect(path, SOCK_STREAM);
	}
	return fd;
}

/* What the container's end has been, if the supervisor has not told. */
static int find_status(const char *directory)
{
	const int status = machine_status(directory);

	if (status < 0 && machine_runs(directory))
		errx(1, "%s: the supervisor has ended; `runtime supervise`, and then `runtime attach` go on",
		     directory);
	return status < 0 ? 125 : status;
}

/* Carries the container's own streams until it ends, and returns its status. */
static int wait_for_container(const char *directory, bool has_terminal)
{
	struct relay relay = {
		.supervisor = connect_to_supervisor(directory),
		.in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO, .has_process = true,
		.terminal = has_terminal ? terminal_take_over() : NULL,
	};
	int in, out, errors = -1, status;

	packet_send(relay.supervisor, 0, PACKET_WAIT, 0, NULL, 0);
	if (has_terminal) {
		in = out = connect_to_machine(directory, "terminal", relay.supervisor);
	} else {
		in = connect_to_machine(directory, "in", relay.supervisor);
		out = connect_to_machine(directory, "out", relay.supervisor);
		errors = connect_to_machine(directory, "err", relay.supervisor);
	}
	status = relay_container(&relay, in, out, errors);
	if (status < 0)
		status = find_status(directory);
	if (status == 125)
		machine_show_messages(directory);
	return status;
}

static int run(const struct options *options)
{
	char *directory;
	struct machine_options machine = {
		.accelerator = options->accelerator,
		.state = options->state,
		.terminal = options->terminal,
	};

	need_words(options, 3, 2 + MACHINE_LAYERS_MAX);
	directory = directory_of(options, options->words[0]);
	machine.directory = directory;
	machine.config = fopen(options->words[1], "r");
	machine.layers = options->words + 2;
	machine.layer_count = options->count - 2;
	if (machine.config == NULL)
		err(1, "%s", options->words[1]);
	if (machine_runs(directory))
		errx(1, "%s: runs already", directory);
	make_directories(directory);
	unlink(text("%s/console", directory));
	start_supervisor(directory, machine_command(&machine));
	return wait_for_container(directory, options->terminal);
}

/* Takes the place of a supervisor that has ended. */
static int supervise_again(const struct options *options)
{
	char *directory;

	need_words(options, 1, 1);
	directory = directory_of(options, options->words[0]);
	if (access(text("%s/control", directory), F_OK) < 0)
		errx(1, "%s: is not running", directory);
	start_supervisor(directory, NULL);
	return 0;
}

/* -------------------------------------------------------------------- what it is asked */

static int ask(const char *directory, enum packet_kind kind, unsigned int flags,
	       const char *argument, struct relay *relay)
{
	relay->supervisor = connect_to_supervisor(directory);
	if (packet_send(relay->supervisor, 0, kind, flags, argument, strlen(argument)) < 0)
		err(1, "%s", directory);
	return relay_request(relay);
}

static char *make_process(const struct options *options)
{
	char *json = text("{\"args\":[");

	for (int i = 1; i < options->count; i++)
		json = text("%s%s%s", json, i > 1 ? "," : "", text_as_json(options->words[i]));
	return text("%s]%s}", json, options->terminal ? ",\"terminal\":true" : "");
}

static int exec(const struct options *options)
{
	struct relay relay = {
		.in = options->interactive || options->terminal ? STDIN_FILENO : -1,
		.out = STDOUT_FILENO, .err = STDERR_FILENO, .has_process = true,
	};
	char *process, *directory;

	need_words(options, 2, 1000);
	directory = directory_of(options, options->words[0]);
	process = make_process(options);
	if (options->terminal)
		relay.terminal = terminal_take_over();
	return ask(directory, PACKET_EXEC,
		   (options->terminal ? PACKET_TERMINAL : 0) |
			   (options->interactive ? PACKET_INPUT : 0),
		   process, &relay);
}

static int attach(const struct options *options)
{
	struct relay relay = {
		.in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO, .has_process = true,
	};
	char *directory;

	need_words(options, 1, 2);
	directory = directory_of(options, options->words[0]);
	if (options->count == 1)
		return wait_for_container(directory,
					  access(text("%s/terminal", directory), F_OK) == 0);
	relay.terminal = terminal_take_over();
	return ask(directory, PACKET_ATTACH, 0, options->words[1], &relay);
}

static int tell(const struct options *options, enum packet_kind kind)
{
	struct relay relay = { .in = -1, .out = STDOUT_FILENO, .err = STDERR_FILENO };

	need_words(options, 1, 1);
	return ask(directory_of(options, options->words[0]), kind, 0, "", &relay);
}

static int list(const struct options *options)
{
	return tell(options, PACKET_PS);
}

static int show_statistics(const struct options *options)
{
	return tell(options, PACKET_STATISTICS);
}

static int pause_it(const struct options *options)
{
	return tell(options, PACKET_PAUSE);
}

static int resume(const struct options *options)
{
	return tell(options, PACKET_RESUME);
}

static int stop(const struct options *options)
{
	static struct packet packet;
	const char *seconds = options->seconds ? options->seconds : "10";
	int supervisor;

	need_words(options, 1, 1);
	supervisor = connect_to_supervisor(directory_of(options, options->words[0]));
	packet_send(supervisor, 0, PACKET_STOP, 0, seconds, strlen(seconds));
	while (packet_receive(supervisor, 0, &packet) >= 0) {
		if (packet.kind == PACKET_EXIT)
			return 0;
		if (packet.kind == PACKET_FAILED)
			break;
	}
	errx(1, "the container's end was not told");
}

/* ------------------------------------------------------------------------------- cp */

/* Starts tar, with one of its streams on the other end of a pipe. */
static pid_t start_tar(int stream, int *fd, char *const arguments[])
{
	int ends[2];
	pid_t process;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(1, "pipe");
	process = fork();
	if (process < 0)
		err(1, "fork");
	if (process == 0) {
		dup2(ends[stream == STDIN_FILENO ? 0 : 1], stream);
		execvp(arguments[0], arguments);
		err(127, "%s", arguments[0]);
	}
	close(ends[stream == STDIN_FILENO ? 0 : 1]);
	*fd = ends[stream == STDIN_FILENO ? 1 : 0];
	return process;
}

static int end_tar(pid_t process, int fd)
{
	int status;

	close(fd);
	if (waitpid(process, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run_program(char *const arguments[])
{
	const pid_t process = fork();
	int status;

	if (process < 0)
		err(1, "fork");
	if (process == 0) {
		execvp(arguments[0], arguments);
		err(127, "%s", arguments[0]);
	}
	if (waitpid(process, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Moves what has come to its place; directories that are there get it added. */
static int move_all(const char *from, const char *to)
{
	char *const add[] = { "cp", "-pR", "--", text("%s/.", from), text("%s", to), NULL };
	DIR *directory = opendir(from);
	struct dirent *entry;
	bool is_left = !directory;

	while (directory && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			is_left |= rename(text("%s/%s", from, entry->d_name),
					  text("%s/%s", to, entry->d_name)) < 0;
	}
	if (directory)
		closedir(directory);
	return is_left ? run_program(add) : 0;
}

/* A copy that is broken off leaves nothing half-written. */
static int copy_out(const struct options *options, const char *name, const char *path,
		    const char *to)
{
	struct relay relay = { .in = -1, .out = -1, .err = STDERR_FILENO };
	char *stage = text("%s/.runtime-cp.XXXXXX", to);
	char *const extract[] = { "tar", "-x", "--no-same-owner", "-C", stage, "-f", "-", NULL };
	char *const clean_up[] = { "rm", "-rf", "--", stage, NULL };
	pid_t process;
	int status, of_tar;
	char *container = directory_of(options, name);

	close(connect_to_supervisor(container));
	if (!mkdtemp(stage))
		err(1, "%s", to);
	process = start_tar(STDIN_FILENO, &relay.out, extract);
	status = ask(container, PACKET_GET, 0, path, &relay);
	/* It would say that it has got no archive. */
	if (status)
		kill(process, SIGKILL);
	of_tar = end_tar(process, relay.out);
	if (!status)
		status = of_tar ? of_tar : move_all(stage, to);
	run_program(clean_up);
	return status;
}

/* Leaves the directory, and returns the name in it. */
static char *split_path(char **path)
{
	size_t length = strlen(*path);
	char *slash;

	while (length > 1 && (*path)[length - 1] == '/')
		(*path)[--length] = '\0';
	slash = strrchr(*path, '/');
	if (strcmp(slash ? slash + 1 : *path, "..") == 0) {
		*path = realpath(*path, NULL);
		if (!*path)
			err(1, "..");
		slash = strrchr(*path, '/');
	}
	if (!slash) {
		slash = *path;
		*path = ".";
		return slash;
	}
	*slash = '\0';
	if (slash == *path)
		*path = "/";
	return slash[1] ? slash + 1 : ".";
}

static int copy_in(const struct options *options, const char *from, const char *container,
		   const char *to)
{
	struct relay relay = { .out = -1, .err = STDERR_FILENO };
	char *path = text("%s", from), *name;
	struct stat info;
	pid_t process;
	int status, of_tar, fd;

	/* A link is copied as one. */
	if (lstat(from, &info) < 0)
		err(1, "%s", from);
	name = split_path(&path);
	char *const create[] = { "tar", "-c", "-C", path, "-f", "-", "--", name, NULL };

	process = start_tar(STDOUT_FILENO, &relay.in, create);
	fd = relay.in;
	status = ask(directory_of(options, container), PACKET_PUT, 0, to, &relay);
	of_tar = end_tar(process, fd);
	return status ? status : of_tar;
}

/* Splits NAME:PATH, and returns the path, or NULL if it is a path of the host. */
static char *path_in_container(char *word)
{
	char *colon = strchr(word, ':');

	if (!colon || memchr(word, '/', (size_t)(colon - word)))
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int cp(const struct options *options)
{
	char **words = options->words, *path;

	need_words(options, 2, 2);
	path = path_in_container(words[0]);
	if (path)
		return copy_out(options, words[0], path, words[1]);
	path = path_in_container(words[1]);
	if (path)
		return copy_in(options, words[0], words[1], path);
	errx(2, "neither is a path in a container, such as NAME:/etc");
}

/* ------------------------------------------------------------------------------ main */

static const struct {
	const char *name;
	int (*run)(const struct options *options);
} commands[] = {
	{ "run", run },		{ "exec", exec },	{ "cp", cp },
	{ "ps", list },		{ "stats", show_statistics },
	{ "pause", pause_it },	{ "resume", resume },	{ "stop", stop },
	{ "supervise", supervise_again },		{ "attach", attach },
};

/* Options end at the first word that is none: what follows may be a command's own. */
static void read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "state", required_argument, NULL, 'S' },
		{ "accelerator", required_argument, NULL, 'a' },
		{ "seconds", required_argument, NULL, 's' },
		{ "terminal", no_argument, NULL, 't' },
		{ "interactive", no_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+ti", known, NULL)) != -1) {
		switch (option) {
		case 'S': options->state = optarg; break;
		case 'a': options->accelerator = optarg; break;
		case 's': options->seconds = optarg; break;
		case 't': options->terminal = true; break;
		case 'i': options->interactive = true; break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	options->words = argv + optind;
	options->count = argc - optind;
}

int main(int argc, char **argv)
{
	const char *home = getenv("HOME");
	struct options options = { .state = text("%s/.local/state/runtime", home ? home : "") };
	const char *name;
	int fd;

	/* A socket must not become a standard stream that is closed. */
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	close(fd);
	read_options(argc, argv, &options);
	if (options.count < 1) {
		fputs(usage, stderr);
		return 2;
	}
	/* A snapshot taken with one kernel cannot be resumed with another. */
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) < 0)
		errx(1, "made for supermachine-kernel %s, and this is %s",
		     SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version());
	name = options.words[0];
	read_options(options.count, options.words, &options);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(&options);
	}
	fputs(usage, stderr);
	return 2;
}
