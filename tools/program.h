/* SPDX-License-Identifier: Apache-2.0 */
/* What every command needs: its name in messages, its output, its exit status. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#if defined __GNUC__
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* As in diff(1): a difference is told apart from not having looked. */
enum {
	STATUS_DONE = 0,
	STATUS_DIFFERS = 1,
	STATUS_TROUBLE = 2,
};

enum style {
	STYLE_HEADING,
	STYLE_GOOD,
	STYLE_BAD,
};

struct program {
	/* The name it was called by, without directories: it may have been
	 * installed under another one, with configure --program-prefix. */
	const char *name;
	/* What messages begin with: the name, and the command if there is one. */
	const char *speaker;
	bool colour_output;
	bool colour_errors;
};

void program_init(struct program *program, const char *called_as);

/* One line on standard error. */
void complain(const struct program *program, const char *format, ...) PRINTF_LIKE(2, 3);

/* The line that follows a message about wrong usage. Returns STATUS_TROUBLE. */
int try_help(const struct program *program);

/* Text on standard output, in a style if that is a terminal that wants colour. */
void print_styled(const struct program *program, enum style style, const char *text);

/*
 * The exit status of a command that printed: STATUS_TROUBLE if not all of its
 * output was written, for example because the disk is full.
 */
int finish_output(const struct program *program, int status);

/* Bytes for people: "11.4 MiB". */
#define SIZE_TEXT 32
const char *size_text(char text[SIZE_TEXT], unsigned long long size);

#endif
