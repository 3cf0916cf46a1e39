// SPDX-License-Identifier: Apache-2.0
/*
 * runtime [--accelerator=kvm|tcg] STATE CONFIG LAYER...: run a container in a
 * microVM, with QEMU. STATE is a directory to keep files in, CONFIG an OCI
 * configuration, and a LAYER an image with squashfs, erofs or ext4, the base first.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

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

static char *text(const char *format, ...)
{
	va_list values;
	char *string;

	va_start(values, format);
	if (vasprintf(&string, format, values) < 0)
		err(1, NULL);
	va_end(values);
	return string;
}

/*
 * QEMU wants the kernel in a file. Extraction is all or nothing: a file that has
 * this name already is whole, and has the bytes that the library carries.
 */
static char *stage_kernel(const char *state)
{
	char *path = text("%s/v%s/kernel-%s", state, supermachine_kernel_version(),
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
static char *make_initramfs(FILE *config)
{
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
	add(archive, "TRAILER!!!", 0, "", 0);
	if (fflush(archive) != 0 || ferror(archive))
		err(1, "initramfs");
	/* The file has no name, and stays open for QEMU. */
	return text("/dev/fd/%d", fileno(archive));
}

int main(int argc, char **argv)
{
	const struct machine *machine = find_machine();
	char *arguments = text("console=%s quiet panic=-1", machine->console);
	char *command[22 + 4 * 16] = {
		"", "-M", "", "-accel", "", "-cpu", "", "-m", "128", "-nodefaults", "-display", "none",
		"-serial", "stdio", "-no-reboot"
	};
	const char *accelerator = NULL;
	char *kernel;
	int count = 15, i;
	FILE *config;

	if (argc > 1 && (strcmp(argv[1], "--accelerator=kvm") == 0 ||
			 strcmp(argv[1], "--accelerator=tcg") == 0)) {
		accelerator = strchr(argv[1], '=') + 1;
		argc--;
		argv++;
	}
	if (argc < 4 || argc > 3 + 16)
		errx(2, "Usage: runtime [--accelerator=kvm|tcg] STATE CONFIG LAYER... (at most 16)");
	/* A snapshot taken with one kernel cannot be resumed with another. */
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) < 0)
		errx(1, "made for supermachine-kernel %s, and this is %s",
		     SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version());
	config = fopen(argv[2], "r");
	if (config == NULL)
		err(1, "%s", argv[2]);
	kernel = stage_kernel(argv[1]);
	if (accelerator == NULL)
		accelerator = choose_accelerator(machine, kernel);
	command[0] = text("%s", machine->program);
	command[2] = text("%s", machine->type);
	command[4] = text("%s", accelerator);
	command[6] = strcmp(accelerator, "kvm") == 0 ? "host" : "max";
	for (i = 0; i < argc - 3; i++) {
		if (strchr(argv[i + 3], ',') != NULL)
			errx(1, "%s: has a comma, which ends a name for QEMU: rename it",
			     argv[i + 3]);
		arguments = text("%s init_oci.layer=serial:layer%d", arguments, i);
		command[count++] = "-drive";
		command[count++] = text("if=none,id=layer%d,format=raw,readonly=on,file=%s",
					i, argv[i + 3]);
		command[count++] = "-device";
		command[count++] = text("virtio-blk-device,drive=layer%d,serial=layer%d", i, i);
	}
	command[count++] = "-kernel";
	command[count++] = kernel;
	command[count++] = "-initrd";
	command[count++] = make_initramfs(config);
	command[count++] = "-append";
	command[count++] = arguments;
	execvp(command[0], command);
	err(1, "%s", command[0]);
}
