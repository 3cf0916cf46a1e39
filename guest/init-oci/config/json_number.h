/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_JSON_NUMBER_H
#define INIT_OCI_JSON_NUMBER_H

/*
 * The JSON parser's replacement for strtod(). musl's works in 128-bit floating
 * point, which is 20 KiB of software on arm64. This one accepts JSON's grammar
 * only, gives every integer of up to 64 bits its nearest double, and the rest
 * within a few units of the last place; a configuration holds only integers.
 */
double json_number(const char *text, char **end);

#endif
