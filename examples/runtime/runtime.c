// SPDX-License-Identifier: Apache-2.0
/*
 * runtime STATE CONFIG LAYER...: run a container in a microVM, with QEMU. STATE
 * is a directory to keep files in, CONFIG an OCI configuration, and a LAYER an
 * image with squashfs, erofs or ext4, the base first.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>
#include <unistd.h>

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
	char *arguments = text("console=ttyAMA0 quiet panic=-1");
	char *command[20 + 4 * 16] = {
		"qemu-system-aarch64", "-M", "virt", "-cpu", "max", "-m", "128",
		"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"
	};
	int count = 13, i;
	FILE *config;

	if (argc < 4 || argc > 3 + 16)
		errx(2, "Usage: runtime STATE CONFIG LAYER... (at most 16)");
	/* A snapshot taken with one kernel cannot be resumed with another. */
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) < 0)
		errx(1, "made for supermachine-kernel %s, and this is %s",
		     SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version());
	config = fopen(argv[2], "r");
	if (config == NULL)
		err(1, "%s", argv[2]);
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
	command[count++] = stage_kernel(argv[1]);
	command[count++] = "-initrd";
	command[count++] = make_initramfs(config);
	command[count++] = "-append";
	command[count++] = arguments;
	execvp(command[0], command);
	err(1, "%s", command[0]);
}
