/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELF_LAYOUT_H
#define ELF_LAYOUT_H

#include "payload.h"
#include "supermachine-kernel.h"

/*
 * Read how to load the ELF kernel in payload. The contract is that of the public
 * function, see supermachine-kernel.h.
 */
int elf_layout(const struct payload *payload, struct supermachine_elf_layout *layout);

#endif
