// SPDX-License-Identifier: Apache-2.0
/* The virtual machine of a container: its kernel, its initramfs, and QEMU. */
#define _GNU_SOURCE
#include "machine.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

/*
 * What QEMU has for the guests that the library may carry. With ACPI, the firmware of
 * some versions of QEMU puts its tables where QEMU puts the end of the initramfs.
 */
static const struct machine {
	const char *guest, *program, *type, *console;
} machines[] = {
	{ "aarch64", "qemu-system-aarch64", "virt", "ttyAMA0" },
	{ "x86_64", "qemu-system-x86_64", "microvm,acpi=off", "ttyS0" },
};

static const struct machine *find_machine(void)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strcmp(machines[i].guest, SUPERMACHINE_KERNEL_GUEST) == 0)
			return &machines[i];
	}
	errx(1, "there is no machine for guests of " SUPERMACHINE_KERNEL_GUEST);
}

/*
 * QEMU wants the kernel in a file. Extraction is all or nothing: a file that has
 * this name already is whole, and has the bytes that the library carries.
 */
static char *stage_kernel(const char *state)
{
	char *path = text("%s/.kernels/v%s/kernel-%s", state, supermachine_kernel_version(),
			  supermachine_kernel_sha256());

	if (access(path, R_OK) < 0 &&
	    supermachine_extract_kernel_to_with_parents(path) < 0)
		err(1, "%s", path);
	return path;
}

/* The kernel without a root filesystem: it panics, and QEMU ends. */
static pid_t start_with_kvm(const struct machine *machine, const char *kernel,
			    const char *console)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child > 0)
		return child;
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp(machine->program, machine->program, "-M", machine->type, "-accel", "kvm", "-cpu",
	       "host", "-m", "128", "-nodefaults", "-display", "none", "-no-reboot", "-serial",
	       text("file:%s", console), "-kernel", kernel, "-append",
	       text("console=%s quiet panic=-1", machine->console), NULL);
	_exit(127);
}

static bool has_line_with(const char *file, const char *what)
{
	char line[1024];
	bool found = false;
	FILE *lines = fopen(file, "r");

	while (lines && !found && fgets(line, sizeof(line), lines))
		found = strstr(line, what) != NULL;
	if (lines)
		fclose(lines);
	return found;
}

/* Five seconds are for it, since KVM may be there and let a guest hang for ever. */
static bool kvm_starts(const struct machine *machine, const char *kernel)
{
	char *console = text("%s.console-%d", kernel, (int)getpid());
	pid_t child = start_with_kvm(machine, kernel, console);
	int status = -1, tries = 100;
	bool starts;

	while (waitpid(child, &status, WNOHANG) == 0 && tries-- > 0)
		usleep(50 * 1000);
	if (tries < 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	starts = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
		 has_line_with(console, "Unable to mount root fs");
	unlink(console);
	return starts;
}

/* Remembered beside the kernel, until the machine boots again. */
static const char *choose_accelerator(const struct machine *machine, const char *kernel)
{
	char *answer = text("%s.accelerator", kernel), boot[64] = "";
	const char *accelerator;
	struct utsname host;
	FILE *file;

	if (uname(&host) < 0 || strcmp(host.machine, machine->guest) != 0)
		return "tcg";
	/* That is easily changed, and so not remembered. */
	if (access("/dev/kvm", R_OK | W_OK) < 0) {
		warn("QEMU emulates the processor: /dev/kvm");
		return "tcg";
	}
	file = fopen("/proc/sys/kernel/random/boot_id", "r");
	if (file) {
		if (!fgets(boot, sizeof(boot), file))
			boot[0] = '\0';
		fclose(file);
	}
	boot[strcspn(boot, "\n")] = '\0';
	if (has_line_with(answer, text("%s kvm", boot)))
		return "kvm";
	if (has_line_with(answer, text("%s tcg", boot))) {
		accelerator = "tcg";
	} else {
		accelerator = kvm_starts(machine, kernel) ? "kvm" : "tcg";
		file = fopen(answer, "w");
		if (file) {
			fprintf(file, "%s %s\n", boot, accelerator);
			fclose(file);
		}
	}
	if (strcmp(accelerator, "tcg") == 0)
		warnx("QEMU emulates the processor: KVM does not start the kernel");
	return accelerator;
}

static void pad(FILE *archive)
{
	while (ftell(archive) % 4 != 0)
		putc('\0', archive);
}

/* A file, in the form of cpio that Linux takes as initramfs. */
static void add(FILE *archive, const char *name, size_t mode,
		const void *bytes, size_t length)
{
	size_t i, fields[] = { 0, mode, 0, 0, 1, 0, length, 0, 0, 0, 0, strlen(name) + 1, 0 };

	fputs("070701", archive);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		fprintf(archive, "%08zx", fields[i]);
	fwrite(name, 1, strlen(name) + 1, archive);
	pad(archive);
	fwrite(bytes, 1, length, archive);
	pad(archive);
}

/* PID 1 goes there from memory, and the configuration to where it looks for it. */
static char *make_initramfs(FILE *config, bool terminal)
{
	static const char overrides[] = "{\"process\":{\"terminal\":true}}";
	static char bytes[1 << 20];
	size_t init_length, length = fread(bytes, 1, sizeof(bytes), config);
	const unsigned char *init = supermachine_get_init_oci(&init_length);
	FILE *archive = tmpfile();

	if (ferror(config) || length == sizeof(bytes))
		errx(1, "the configuration cannot be read, or is 1 MiB or more");
	if (init == NULL || archive == NULL)
		err(1, "initramfs");
	add(archive, "init", 0100755, init, init_length);
	add(archive, "oci", 0040755, "", 0);
	add(archive, "oci/config.json", 0100644, bytes, length);
	if (terminal)
		add(archive, "oci/overrides.json", 0100644, overrides, strlen(overrides));
	add(archive, "TRAILER!!!", 0, "", 0);
	if (fflush(archive) != 0 || ferror(archive))
		err(1, "initramfs");
	/* The file has no name, and stays open for QEMU. */
	return text("/dev/fd/%d", fileno(archive));
}

/* QEMU's arguments, as they come together. */
struct command {
	char *words[64 + 4 * MACHINE_LAYERS_MAX];
	size_t count;
};

static void say(struct command *command, const char *option, char *value)
{
	command->words[command->count++] = text("%s", option);
	command->words[command->count++] = value;
}

/* A UNIX socket of QEMU in the container's directory, and what the guest has of it. */
static void add_port(struct command *command, const char *directory, const char *device,
		     const char *name)
{
	say(command, "-chardev", text("socket,id=%s,server=on,wait=off,path=%s/%s", name, directory,
				      name));
	say(command, "-device", text("%s,chardev=%s%s%s", device, name,
				     strcmp(device, "virtconsole") == 0 ? "" : ",name=",
				     strcmp(device, "virtconsole") == 0 ? "" : name));
}

/* Returns the arguments of init-oci that say what is where. */
static char *add_streams(struct command *command, const struct machine_options *options)
{
	say(command, "-device", text("virtio-serial-device"));
	add_port(command, options->directory, "virtserialport", "control");
	if (options->terminal) {
		add_port(command, options->directory, "virtconsole", "terminal");
		return text("init_oci.control=port:control init_oci.stdin=tty:hvc0 "
			    "init_oci.stdout=tty:hvc0 init_oci.stderr=tty:hvc0");
	}
	add_port(command, options->directory, "virtserialport", "in");
	add_port(command, options->directory, "virtserialport", "out");
	add_port(command, options->directory, "virtserialport", "err");
	return text("init_oci.control=port:control init_oci.stdin=port:in init_oci.stdout=port:out "
		    "init_oci.stderr=port:err");
}

static char *add_layers(struct command *command, const struct machine_options *options)
{
	char *arguments = text("%s", "");

	for (int i = 0; i < options->layer_count; i++) {
		if (strchr(options->layers[i], ',') != NULL)
			errx(1, "%s: has a comma, which ends a name for QEMU: rename it",
			     options->layers[i]);
		arguments = text("%s init_oci.layer=serial:layer%d", arguments, i);
		say(command, "-drive", text("if=none,id=layer%d,format=raw,readonly=on,file=%s", i,
					    options->layers[i]));
		say(command, "-device", text("virtio-blk-device,drive=layer%d,serial=layer%d", i, i));
	}
	return arguments;
}

char **machine_command(const struct machine_options *options)
{
	const struct machine *machine = find_machine();
	struct command *command = calloc(1, sizeof(*command));
	char *kernel = stage_kernel(options->state);
	const char *accelerator = options->accelerator;
	char *streams, *layers;

	if (!command)
		err(1, NULL);
	if (strchr(options->directory, ',') != NULL)
		errx(1, "%s: has a comma, which ends a name for QEMU", options->directory);
	if (accelerator == NULL)
		accelerator = choose_accelerator(machine, kernel);
	command->words[command->count++] = text("%s", machine->program);
	say(command, "-M", text("%s", machine->type));
	say(command, "-accel", text("%s", accelerator));
	say(command, "-cpu", text("%s", strcmp(accelerator, "kvm") == 0 ? "host" : "max"));
	say(command, "-m", text("128"));
	say(command, "-display", text("none"));
	say(command, "-serial", text("file:%s/console", options->directory));
	command->words[command->count++] = text("-nodefaults");
	command->words[command->count++] = text("-no-reboot");
	streams = add_streams(command, options);
	layers = add_layers(command, options);
	say(command, "-kernel", kernel);
	say(command, "-initrd", make_initramfs(options->config, options->terminal));
	say(command, "-append", text("console=%s quiet panic=-1 %s%s", machine->console, streams,
				     layers));
	return command->words;
}

/* The last line that says so, since the container may write to the console, too. */
int machine_status(const char *directory)
{
	char line[1024], *said;
	int status = -1;
	FILE *console = fopen(text("%s/console", directory), "r");

	while (console && fgets(line, sizeof(line), console)) {
		said = strstr(line, "init-oci: exit status ");
		if (said)
			status = atoi(said + strlen("init-oci: exit status "));
	}
	if (console)
		fclose(console);
	return status;
}

void machine_show_messages(const char *directory)
{
	char line[1024];
	FILE *console = fopen(text("%s/console", directory), "r");

	while (console && fgets(line, sizeof(line), console)) {
		line[strcspn(line, "\r\n")] = '\0';
		for (char *c = line; *c; c++) {
			if (*c < ' ' || *c > '~')
				*c = '?';
		}
		if (strstr(line, "init-oci: ") || strstr(line, "Kernel panic"))
			warnx("%s", line);
	}
	if (console)
		fclose(console);
}
