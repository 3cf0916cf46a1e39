// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a microVM without ACPI is switched off: a reset ends it, by the keyboard
 * controller's line where there is one, else by a triple fault. Its VMM does not
 * start it again.
 */

#include <linux/err.h>
#include <linux/init.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>

static int power_off_by_reset(struct sys_off_data *data)
{
	machine_emergency_restart();
	return NOTIFY_DONE;
}

/* After the firmware, if it can do it. */
static int __init microvm_power_off_init(void)
{
	struct sys_off_handler *handler;

	handler = register_sys_off_handler(SYS_OFF_MODE_POWER_OFF, SYS_OFF_PRIO_LOW,
					   power_off_by_reset, NULL);
	if (IS_ERR(handler))
		pr_err("microvm: power off is not available\n");
	return PTR_ERR_OR_ZERO(handler);
}
arch_initcall(microvm_power_off_init);
