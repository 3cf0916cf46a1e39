// SPDX-License-Identifier: Apache-2.0
/* The reference host of the TSI tests, without a machine: tests/tsi/peer/. */
#include "tests.h"

#include <stdlib.h>

int main(void)
{
	SRunner *runner = srunner_create(messages_suite());

	srunner_add_suite(runner, control_suite());
	srunner_add_suite(runner, stream_suite());
	srunner_add_suite(runner, reverse_suite());
	srunner_add_suite(runner, misbehaviour_suite());
	srunner_add_suite(runner, random_suite());
	srunner_add_suite(runner, datagram_suite());
	srunner_add_suite(runner, monitor_suite());
	srunner_add_suite(runner, rings_suite());
	srunner_add_suite(runner, reset_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	/* The TAP driver reads what failed; the status says only that all ran. */
	return EXIT_SUCCESS;
}
