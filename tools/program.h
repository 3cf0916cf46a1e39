/* SPDX-License-Identifier: Apache-2.0 */
/* What every command needs: who is speaking, to what, and how it ends. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#if defined __GNUC__
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* As those of diff(1): a difference is told apart from not having looked. */
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
	/* As it was called, without directories: it may have been installed
	 * under another name, with configure --program-prefix. */
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
 * The status of a command that printed: that of a full disk, if what it printed
 * did not arrive.
 */
int finish_output(const struct program *program, int status);

/* Bytes for people: "11.4 MiB". */
#define SIZE_TEXT 32
const char *size_text(char text[SIZE_TEXT], unsigned long long size);

#endif
