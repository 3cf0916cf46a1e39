// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define RESET "\033[0m"

/* https://no-color.org: any value but an empty one means no colour. */
static bool wants_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(fd) && (no_colour == NULL || no_colour[0] == '\0') && terminal != NULL &&
	       terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

void program_init(struct program *program, const char *called_as)
{
	const char *name = called_as == NULL ? PACKAGE_NAME : called_as;
	const char *slash = strrchr(name, '/');

	name = slash == NULL ? name : slash + 1;
	/* libtool gives this prefix to a program that has not been installed yet. */
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	program->name = name;
	program->speaker = name;
	program->colour_output = wants_colour(STDOUT_FILENO);
	program->colour_errors = wants_colour(STDERR_FILENO);
}

void complain(const struct program *program, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, program->colour_errors ? "\033[1;31m%s:" RESET " " : "%s: ",
		program->speaker);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int try_help(const struct program *program)
{
	fprintf(stderr, "Try '%s --help' for more information.\n", program->speaker);
	return STATUS_TROUBLE;
}

static const char *sequence(enum style style)
{
	switch (style) {
	case STYLE_GOOD:
		return "\033[32m";
	case STYLE_BAD:
		return "\033[1;31m";
	default:
		return "\033[1m";
	}
}

void print_styled(const struct program *program, enum style style, const char *text)
{
	if (program->colour_output)
		printf("%s%s" RESET, sequence(style), text);
	else
		fputs(text, stdout);
}

int finish_output(const struct program *program, int status)
{
	/* fflush() does not report what failed before it. */
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return status;
	if (failed)
		complain(program, "standard output: not everything could be written");
	else
		complain(program, "standard output: %s", strerror(errno));
	return STATUS_TROUBLE;
}

const char *size_text(char text[SIZE_TEXT], unsigned long long size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB" };
	double value = (double)size / 1024;
	size_t unit = 0;

	if (size < 1024) {
		snprintf(text, SIZE_TEXT, "%llu bytes", size);
		return text;
	}
	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(text, SIZE_TEXT, "%.1f %s", value, units[unit]);
	return text;
}
