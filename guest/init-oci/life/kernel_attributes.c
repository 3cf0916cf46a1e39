// SPDX-License-Identifier: Apache-2.0
/* What the kernel keeps for a process: scheduling, personality, offsets of clocks. */
#include "life/kernel_attributes.h"

#include <sched.h>
#include <sys/personality.h>

#include "base/linux_abi.h"
#include "base/proc.h"

int scheduler_set(const struct config *config, struct error *error)
{
	const struct scheduler *scheduler = &config->scheduler;
	const struct scheduling_attributes attributes = {
		.size = sizeof(attributes),
		.policy = (uint32_t)scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (scheduler->policy >= 0 && syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return step_error("set process.scheduler", "", error);
	return 0;
}

static int set_io_priority(const struct config *config, struct error *error)
{
	if (config->io_class >= 0 &&
	    syscall(SYS_ioprio_set, IO_PRIORITY_OF_PROCESS, 0,
		    config->io_class << IO_PRIORITY_CLASS_SHIFT | config->io_level) < 0)
		return step_error("set process.ioPriority", "", error);
	return 0;
}

static int set_personality(const struct config *config, struct error *error)
{
	if (config->has_personality &&
	    personality(config->personality_is_32_bit ? PER_LINUX32 : PER_LINUX) < 0)
		return step_error("set linux.personality", "", error);
	return 0;
}

static int set_time_offset(const char *clock, const struct time_offset *offset,
			   struct error *error)
{
	const int64_t seconds = offset->seconds;
	struct decimal whole, rest;
	char text[64];

	if (!offset->present)
		return 0;
	text_join(text, sizeof(text), (const char *const[]){
		clock, seconds < 0 ? " -" : " ",
		decimal(&whole, (uint64_t)(seconds < 0 ? -seconds : seconds)), " ",
		decimal(&rest, offset->nanoseconds), NULL });
	if (proc_write("self/timens_offsets", text) < 0)
		return step_error("set linux.timeOffsets ", clock, error);
	return 0;
}

/* Those of a namespace that this process only enters with the program of the container. */
static int set_time_offsets(const struct config *config, struct error *error)
{
	if (!config->monotonic.present && !config->boot_time.present)
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return step_error("make a time namespace", "", error);
	if (set_time_offset("monotonic", &config->monotonic, error) < 0)
		return -1;
	return set_time_offset("boottime", &config->boot_time, error);
}

int kernel_attributes_set(const struct config *config, struct error *error)
{
	if (set_io_priority(config, error) < 0 || set_personality(config, error) < 0 ||
	    set_time_offsets(config, error) < 0)
		return -1;
	return 0;
}
