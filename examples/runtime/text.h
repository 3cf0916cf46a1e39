/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_H
#define TEXT_H

/* As printf, into a new string. Ends the program if there is no memory. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same string, as JSON has it, with its quotation marks. */
char *text_as_json(const char *string);

#endif
