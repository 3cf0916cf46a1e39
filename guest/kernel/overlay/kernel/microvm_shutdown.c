// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shutdown of a microVM: no user space is left to ask for it, so the kernel
 * syncs and powers off, or restarts, by itself.
 */

#define pr_fmt(fmt) "microvm: " fmt

#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/microvm_shutdown.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/suspend.h>
#include <linux/syscalls.h>
#include <linux/workqueue.h>

/*
 * A sync may wait for somebody who will never answer, such as a host that no
 * longer serves a shared folder. The machine has to go down all the same.
 */
#define SYNC_TIMEOUT	(30 * HZ)

static DECLARE_COMPLETION(synced);

static void sync_work_func(struct work_struct *work)
{
	ksys_sync();
	complete_all(&synced);
}

static DECLARE_WORK(sync_work, sync_work_func);

static void sync_with_timeout(void)
{
	/* Not system_wq: the shutdown itself runs there. */
	queue_work(system_unbound_wq, &sync_work);
	if (!wait_for_completion_timeout(&synced, SYNC_TIMEOUT))
		pr_err("not everything could be written to disk\n");
}

/**
 * microvm_power_off() - Sync file systems and power the machine off
 *
 * Context: Process context. May sleep. Does not return where the firmware
 *	    can power off, which PSCI always can.
 */
void microvm_power_off(void)
{
	sync_with_timeout();
	mutex_lock(&system_transition_mutex);
	if (kernel_can_power_off())
		kernel_power_off();
	else
		kernel_halt();
	mutex_unlock(&system_transition_mutex);
}

/**
 * microvm_restart() - Sync file systems and restart the machine
 *
 * Context: Process context. May sleep. Does not return.
 */
void microvm_restart(void)
{
	sync_with_timeout();
	mutex_lock(&system_transition_mutex);
	kernel_restart(NULL);
	mutex_unlock(&system_transition_mutex);
}

/**
 * microvm_init_exited() - Power off because PID 1 has ended
 * @wait_status: how it ended, in the encoding of wait(2)
 *
 * Called by the last thread of PID 1 in do_exit(), before it has given up
 * anything. The shutdown is left to a worker, because a task that is exiting,
 * and may have been killed, is a poor place to wait for disks.
 *
 * Returns only if the kernel has oopsed: PID 1 may have gone down with locks
 * held, so that an orderly shutdown could wait for ever. The caller then does
 * what it does without us.
 */
void microvm_init_exited(int wait_status)
{
	int signal = wait_status & 0x7f;

	if (test_taint(TAINT_DIE))
		return;

	if (signal)
		pr_err("PID 1 was killed by signal %d, powering off\n", signal);
	else
		pr_err("PID 1 exited with status %d, powering off\n",
		       (wait_status >> 8) & 0xff);

	orderly_poweroff(true);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static int initial_panic_timeout __ro_after_init;

static int __init keep_panic_timeout(void)
{
	initial_panic_timeout = panic_timeout;
	return 0;
}
late_initcall(keep_panic_timeout);

/**
 * microvm_panicked() - Restore what the command line says about a panic
 *
 * Called by panic() before it looks at panic_timeout, which a workload may have
 * changed since, by the sysctl or the parameter of the same name.
 *
 * Context: Any, with all other processors stopped.
 */
void microvm_panicked(void)
{
	/* Before that, nobody but the command line has written it. */
	if (system_state > SYSTEM_SCHEDULING)
		panic_timeout = initial_panic_timeout;
}
