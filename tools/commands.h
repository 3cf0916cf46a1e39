/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each gets the arguments from its own name on, and returns the
 * exit status.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "program.h"

int command_cat(const struct program *program, int argc, char **argv);
int command_config(const struct program *program, int argc, char **argv);
int command_extract(const struct program *program, int argc, char **argv);
int command_info(const struct program *program, int argc, char **argv);
int command_verify(const struct program *program, int argc, char **argv);

void help_cat(const struct program *program);
void help_config(const struct program *program);
void help_extract(const struct program *program);
void help_info(const struct program *program);
void help_verify(const struct program *program);

#endif
