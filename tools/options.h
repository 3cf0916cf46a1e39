/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands, by getopt_long(3), and what all commands share. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "program.h"
#include "suggest.h"

/* Beyond all characters. */
enum {
	OPTION_FIRST = 1000,
	OPTION_ALL = OPTION_FIRST,
	OPTION_APPEND,
	OPTION_HELP,
	OPTION_INITRAMFS,
	OPTION_JSON,
	OPTION_PARENTS,
	OPTION_SYNC,
	OPTION_VERSION,
	/* And from here on, those of a table of assets. */
	OPTION_ASSETS,
};

#define OPTIONS_COMMON \
	{ "help", no_argument, NULL, OPTION_HELP }, \
	{ "version", no_argument, NULL, OPTION_VERSION }, \
	{ NULL, 0, NULL, 0 }

/*
 * Returns the next option's value, or -1 after the last; optind then says where
 * the operands start. Options of OPTIONS_COMMON, and wrong ones, are dealt with
 * here: the result is OPTIONS_STOP, with the exit status in *status.
 */
enum { OPTIONS_STOP = -2 };
int next_option(const struct program *program, int argc, char **argv,
		const struct option *options, void (*help)(const struct program *), int *status);

/*
 * The same for a command whose only other option is OPTION_JSON, or that has none:
 * then json is NULL. Returns 0, or OPTIONS_STOP.
 */
int plain_options(const struct program *program, int argc, char **argv,
		  void (*help)(const struct program *), bool *json, int *status);

/* Whether there are at most that many operands; if not, a message has said so. */
bool operands_are_at_most(const struct program *program, int argc, char **argv, int most);

/* After a message: a line with what was found, if anything was; such as "--" goes before it. */
void did_you_mean(const struct suggestion *suggestion, const char *prefix);

void print_version(const struct program *program);

/* What an option or a command does, for help: "  NAME   TEXT". */
void print_help_row(const struct program *program, const char *name, const char *text);
/* --append, which several commands have. */
void print_append_help(const struct program *program);
/* The line "Usage: NAME ARGUMENTS". */
void print_usage(const struct program *program, const char *arguments);
/* The options of OPTIONS_COMMON. */
void print_common_help(const struct program *program);

#endif
