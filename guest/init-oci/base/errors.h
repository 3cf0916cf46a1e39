/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_ERRORS_H
#define INIT_OCI_ERRORS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Every step that can fail returns 0, or -1 and one line that names the step,
 * its argument and the reason. There is no stdio in the program: lines are
 * joined from parts, in a buffer of fixed size.
 */
struct error {
	int number;		/* an errno; 0 when there is none for it */
	char text[256];
};

/* Always returns -1, so that a step can end in `return ERROR(...)`. */
int error_set(struct error *error, const char *const parts[]);
#define ERROR(error, ...) error_set(error, (const char *const[]){ __VA_ARGS__, NULL })

/* The same for a call that failed: errno is the reason. The argument may be "". */
int step_error(const char *step, const char *argument, struct error *error);

/* The name of an errno: "ENOENT". EIO stands for rare ones. */
const char *errno_name(int number);

/*
 * Joins the NULL-terminated parts into text of the given size, cut to fit and
 * always terminated. Control characters become '?': a name from an image must
 * not be able to put lines of its own on the console.
 * Returns the length.
 */
size_t text_join(char *text, size_t size, const char *const parts[]);

/* Enough for any number of 64 bits. */
struct decimal {
	char text[21];
};
const char *decimal(struct decimal *decimal, uint64_t value);

#endif
