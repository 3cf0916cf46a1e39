// SPDX-License-Identifier: Apache-2.0
/*
 * What a VMM sends on the control channel, in pieces, while processes write, start and
 * end: the first byte of each piece says what happens. Good when no line is wrong.
 */
#include "fuzz.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../unit/init-oci/fake-tasks.h"
#include "exec/task.h"

/* What the VMM is told consists of lines, and of bodies where they say so. */
static void check_told(const struct outbox *outbox)
{
	const char *at = outbox->bytes + outbox->start, *end = outbox->bytes + outbox->end;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		bool is_data;

		CHECK(line_end && line_end - at < OUTBOX_LINE_MAX);
		is_data = !strncmp(at, "data ", 5);
		for (const char *c = at; c < line_end; c++)
			CHECK((unsigned char)*c >= 0x20);
		if (is_data) {
			const char *number = line_end;

			while (number[-1] != ' ')
				number--;
			line_end += strtoul(number, NULL, 10);
		}
		CHECK(line_end < end);
		at = line_end + 1;
	}
}

static void happen(struct fake *fake)
{
	struct epoll_event events[16];
	const int count = epoll_wait(fake->tasks.events, events, 16, 0);

	for (int i = 0; i < count; i++)
		tasks_note_event(&fake->tasks, events[i].data.u32);
	tasks_step(&fake->tasks);
	check_told(&fake->outbox);
	fake->outbox.start = fake->outbox.end = 0;
}

static void act(struct fake *fake, unsigned char what)
{
	static const char output[3000];
	const size_t index = what >> 3;
	struct task *task = &fake->tasks.list[index];
	int end;

	if ((what & 7) == 7) {
		tasks_hang_up(&fake->tasks);
		fake->intake.line.length = 0;
		fake->intake.line.too_long = false;
	}
	if (index >= fake->tasks.used || !task->id[0] || !task->process)
		return;
	switch (what & 7) {
	case 1:
	case 2:
		end = fake_their_end(fake, task->id, what & 7);
		if (end >= 0 && write(end, output, sizeof(output)) < 0)
			return;
		break;
	case 3:
		if (task->is_starting)
			fake_start(fake, task->id);
		break;
	case 4:
		fake_end(fake, task->id, index & 1 ? 9 : 0);
		break;
	case 5:
		end = fake_their_end(fake, task->id, 0);
		if (end >= 0) {
			char input[4096];

			if (read(end, input, sizeof(input)) < 0)
				return;
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part rest = { (const char *)data, size };
	static struct fake fake;

	signal(SIGPIPE, SIG_IGN);
	fake_open(&fake);
	while (rest.length) {
		struct part piece = cut(&rest, "\xff");

		if (!piece.length)
			continue;
		act(&fake, (unsigned char)piece.at[0]);
		fake_take(&fake, piece.at + 1, piece.length - 1);
		happen(&fake);
	}
	check_expected(!fake.errors);
	fake_close(&fake);
	return 0;
}
