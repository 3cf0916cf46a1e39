/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MICROVM_SHUTDOWN_H
#define _LINUX_MICROVM_SHUTDOWN_H

#include <linux/kconfig.h>

#ifdef CONFIG_MICROVM_SHUTDOWN
void microvm_init_exited(int wait_status);
void microvm_power_off(void);
void microvm_restart(void);
void microvm_panicked(void);
#else
static inline void microvm_init_exited(int wait_status) { }
static inline void microvm_power_off(void) { }
static inline void microvm_restart(void) { }
static inline void microvm_panicked(void) { }
#endif

#endif /* _LINUX_MICROVM_SHUTDOWN_H */
