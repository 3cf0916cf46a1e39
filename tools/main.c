// SPDX-License-Identifier: Apache-2.0
/*
 * supermachine-kernel: the library from a command line. It uses nothing but the
 * public header, so what it can do, any program can.
 */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>

#include "commands.h"
#include "options.h"

struct command {
	const char *name;
	const char *description;
	int (*run)(const struct program *program, int argc, char **argv);
	void (*help)(const struct program *program);
};

static const struct command commands[] = {
	{ "extract", "write kernel and init-oci as files that a runtime can open", command_extract,
	  help_extract },
	{ "cat", "write one of them, or an initramfs, to standard output", command_cat, help_cat },
	{ "info", "show version, assets, digests, and what they were built from", command_info,
	  help_info },
	{ "verify", "compare the assets with the digests recorded for them", command_verify,
	  help_verify },
	{ "config", "show the configuration that the kernel was built with", command_config,
	  help_config },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Let messages begin with the command, too. The caller frees the text. */
static char *speak_for(struct program *program, const struct command *command)
{
	size_t size = strlen(program->name) + strlen(command->name) + 2;
	char *speaker = malloc(size);

	if (speaker == NULL) {
		complain(program, "%s", strerror(errno));
		return NULL;
	}
	snprintf(speaker, size, "%s %s", program->name, command->name);
	program->speaker = speaker;
	return speaker;
}

static int help_all(const struct program *program)
{
	size_t i;

	print_usage(program, "COMMAND [ARGUMENT]...");
	fputs("The guest kernel of supermachine microVMs, and init-oci, their PID 1.\n\n", stdout);
	for (i = 0; i < COMMANDS; i++)
		print_help_row(program, commands[i].name, commands[i].description);
	print_help_row(program, "help [COMMAND]", "show this help, or a command's");
	fputc('\n', stdout);
	print_common_help(program);
	fputs("\nManual: supermachine-kernel(1).\n", stdout);
	return finish_output(program, STATUS_DONE);
}

/* Of "help", which is no row of the table: it has no work but this. */
static int help_help(const struct program *program)
{
	print_usage(program, "help [COMMAND]");
	fputs("Show what the commands are, or what COMMAND does and which options it has.\n\n", stdout);
	print_common_help(program);
	return finish_output(program, STATUS_DONE);
}

static int unknown_command(const struct program *program, const char *name)
{
	struct suggestion suggestion = { .typed = name };
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		suggest_offer(&suggestion, commands[i].name);
	suggest_offer(&suggestion, "help");
	complain(program, "there is no command '%s'", name);
	did_you_mean(&suggestion, "");
	return try_help(program);
}

/* Without a command, or after "help". */
static int run_option(const struct program *program, const char *option,
		      int (*help)(const struct program *))
{
	struct suggestion suggestion = { .typed = option };

	if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0)
		return help(program);
	if (strcmp(option, "--version") == 0 || strcmp(option, "-V") == 0) {
		print_version(program);
		return finish_output(program, STATUS_DONE);
	}
	suggest_offer(&suggestion, "--help");
	suggest_offer(&suggestion, "--version");
	complain(program, "unrecognized option '%s'", option);
	did_you_mean(&suggestion, "");
	return try_help(program);
}

static int help_one(struct program *program, const struct command *command)
{
	char *speaker = speak_for(program, command);
	int status;

	if (speaker == NULL)
		return STATUS_TROUBLE;
	command->help(program);
	status = finish_output(program, STATUS_DONE);
	free(speaker);
	return status;
}

static int run_help(struct program *program, int argc, char **argv)
{
	const struct command *command;

	if (argc == 0)
		return help_all(program);
	if (argv[0][0] == '-')
		return run_option(program, argv[0], help_help);
	command = find_command(argv[0]);
	if (command == NULL && strcmp(argv[0], "help") != 0)
		return unknown_command(program, argv[0]);
	if (argc > 1) {
		complain(program, "'%s' is one operand too many", argv[1]);
		return try_help(program);
	}
	return command == NULL ? help_help(program) : help_one(program, command);
}

static int run_command(struct program *program, int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);
	char *speaker;
	int status;

	if (strcmp(argv[0], "help") == 0)
		return run_help(program, argc - 1, argv + 1);
	if (command == NULL)
		return unknown_command(program, argv[0]);
	speaker = speak_for(program, command);
	if (speaker == NULL)
		return STATUS_TROUBLE;
	status = command->run(program, argc, argv);
	free(speaker);
	return status;
}

int main(int argc, char **argv)
{
	struct program program;

	program_init(&program, argc > 0 ? argv[0] : NULL);
	/* A file beyond the limit is an error like others, to be cleaned up after. */
	signal(SIGXFSZ, SIG_IGN);
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) < 0) {
		complain(&program, "is version %s, but the library is version %s: "
			 "install the same version of both",
			 SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version());
		return STATUS_TROUBLE;
	}
	if (argc < 2) {
		complain(&program, "a command is missing");
		return try_help(&program);
	}
	if (argv[1][0] == '-')
		return run_option(&program, argv[1], help_all);
	return run_command(&program, argc - 1, argv + 1);
}
