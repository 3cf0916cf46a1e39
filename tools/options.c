// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <stdio.h>
#include <string.h>

#include <supermachine-kernel.h>

#include "options.h"

/* Names of options and commands in help, before what they do. */
#define HELP_COLUMN 20

void did_you_mean(const struct suggestion *suggestion, const char *prefix)
{
	if (suggestion->nearest != NULL)
		fprintf(stderr, "Did you mean '%s%s'?\n", prefix, suggestion->nearest);
}

/* After getopt_long() has complained, if that was of a long option that is none. */
static void suggest_option(const char *argument, const struct option *options)
{
	char typed[32];
	struct suggestion suggestion = { .typed = typed };
	size_t length = strcspn(argument, "=");
	const struct option *option;

	/* Of an option that there is, optopt says which. */
	if (optopt != 0 || strncmp(argument, "--", 2) != 0 || length - 2 >= sizeof(typed))
		return;
	snprintf(typed, sizeof(typed), "%.*s", (int)(length - 2), argument + 2);
	for (option = options; option->name != NULL; option++) {
		/* The beginning of several: the complaint has named them. */
		if (strncmp(option->name, typed, length - 2) == 0)
			return;
		suggest_offer(&suggestion, option->name);
	}
	did_you_mean(&suggestion, "--");
}

int next_option(const struct program *program, int argc, char **argv,
		const struct option *options, void (*help)(const struct program *), int *status)
{
	int option;

	/* getopt_long() begins its messages with it. */
	argv[0] = (char *)program->speaker;
	option = getopt_long(argc, argv, "hV", options, NULL);
	switch (option) {
	case '?':
		suggest_option(argv[optind - 1], options);
		*status = try_help(program);
		return OPTIONS_STOP;
	case 'h':
	case OPTION_HELP:
		help(program);
		*status = finish_output(program, STATUS_DONE);
		return OPTIONS_STOP;
	case 'V':
	case OPTION_VERSION:
		print_version(program);
		*status = finish_output(program, STATUS_DONE);
		return OPTIONS_STOP;
	default:
		return option;
	}
}

int plain_options(const struct program *program, int argc, char **argv,
		  void (*help)(const struct program *), bool *json, int *status)
{
	static const struct option with_json[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		OPTIONS_COMMON,
	};
	const struct option *options = json == NULL ? with_json + 1 : with_json;
	int option;

	while ((option = next_option(program, argc, argv, options, help, status)) >= 0) {
		if (json != NULL)
			*json = true;
	}
	return option == OPTIONS_STOP ? OPTIONS_STOP : 0;
}

bool operands_are_at_most(const struct program *program, int argc, char **argv, int most)
{
	if (argc - optind <= most)
		return true;
	complain(program, "'%s' is one operand too many", argv[optind + most]);
	try_help(program);
	return false;
}

void print_version(const struct program *program)
{
	(void)program;
	printf("supermachine-kernel %s\n"
	       "Copyright 2026 supercorp.ai and the supermachine-kernel developers\n"
	       "License Apache-2.0: <https://www.apache.org/licenses/LICENSE-2.0>\n"
	       "The kernel that it carries is GPL-2.0-only, init-oci is Apache-2.0 AND MIT.\n"
	       "There is NO WARRANTY, to the extent permitted by law.\n",
	       SUPERMACHINE_KERNEL_VERSION);
}

void print_usage(const struct program *program, const char *arguments)
{
	print_styled(program, STYLE_HEADING, "Usage:");
	printf(" %s%s%s\n", program->speaker, arguments[0] == '\0' ? "" : " ", arguments);
}

void print_help_row(const struct program *program, const char *name, const char *text)
{
	int length = 2 + (int)strlen(name);

	fputs("  ", stdout);
	print_styled(program, STYLE_HEADING, name);
	/* A long name has a line to itself. */
	if (length >= HELP_COLUMN) {
		fputc('\n', stdout);
		length = 0;
	}
	printf("%*s%s\n", HELP_COLUMN - length, "", text);
}

void print_append_help(const struct program *program)
{
	print_help_row(program, "--append=FILE[:/PATH]", "add FILE to the initramfs, as /PATH; config.json and");
	print_help_row(program, "", "overrides.json go where init-oci looks for them");
}

void print_common_help(const struct program *program)
{
	print_help_row(program, "-h, --help", "show this help");
	print_help_row(program, "-V, --version", "show version and licences");
}
